//! `completions`: what a shell needs to complete commands and flags.

use crate::out::Out;
use anyhow::Result;
use clap::CommandFactory as _;
use clap_complete::Shell;

/// What `completions` is asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Which shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Writes them to standard output.
pub fn run(Arguments { shell }: &Arguments) -> Result<()> {
    let mut command = crate::arguments::Arguments::command();
    // Into memory first: the generator panics where a reader went away.
    let mut script = Vec::new();
    clap_complete::generate(*shell, &mut command, "countersign", &mut script);
    Out { json: false, quiet: false }.bytes(&script)
}
