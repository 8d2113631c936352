//! The product's own binary as a child process on the embedded database: its peak memory while it takes in and serves many
//! cases, and its time from start to first answer on what it then has.

use crate::{
    client::Client,
    reality,
    table::{Line, Target},
    world::{self, Kind, Run},
};
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use hyper::Method;
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// What is measured.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Cases in the data directory
    #[arg(long, default_value_t = 1_000_000)]
    cases: usize,
    /// Decisions that are made while memory is watched
    #[arg(long, default_value_t = 2_000)]
    decisions: usize,
    /// Starts whose time is taken
    #[arg(long, default_value_t = 10)]
    starts: usize,
    /// The binary [default: `countersign` beside this one, built if it is not there]
    #[arg(long)]
    binary: Option<PathBuf>,
}

/// Lines that are sent in one piece.
const LINES_AT_ONCE: usize = 64;
/// How often a listening socket is looked for.
const KNOCK: Duration = Duration::from_micros(500);

/// Measures both. Memory is a peak of one long run; it is not repeated.
pub async fn measure(_: &Run, arguments: &Arguments) -> Result<Vec<Line>> {
    let binary = binary(arguments)?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let product = |more: &[&str]| {
        let mut command = Command::new(&binary);
        command.arg("--data").arg(&data).args(more);
        command
    };
    output(product(&["init"]))?;
    let playbook = folder.path().join("alerts.toml");
    std::fs::write(&playbook, world::ALERTS)?;
    output(product(&["playbook", "publish", &playbook.to_string_lossy()]))?;
    let key = output(product(&["key", "add", "bench", "--scope", "admin"]))?.trim().to_owned();

    let memory = memory(product(&["serve", "--listen", "127.0.0.1:0"]), &key, arguments).await?;
    let line = |what: String, n, figures, unit, target| Line { benchmark: "node", engine: "SQLite", what, n, figures, unit, target };
    let cases = arguments.cases;
    let mut lines = vec![
        line("memory at its peak, taking in".into(), cases, vec![memory.taking_in], "MiB", Some(Target::AtMost(250.0))),
        line("memory at its peak, deciding and reading as well".into(), cases, vec![memory.serving], "MiB", Some(Target::AtMost(250.0))),
        line("cases over HTTP meanwhile".into(), cases, vec![memory.rate], "/s", None),
    ];
    let mut starts = Vec::new();
    for _ in 0..arguments.starts {
        starts.push(start(|address| product(&["serve", "--listen", address]))?.as_secs_f64() * 1e3);
    }
    lines.push(line(format!("start to first answer with {cases} cases"), 1, starts, "ms", Some(Target::AtMost(300.0))));
    Ok(lines)
}

fn binary(arguments: &Arguments) -> Result<PathBuf> {
    if let Some(binary) = &arguments.binary {
        return Ok(binary.clone());
    }
    let beside = std::env::current_exe()?.with_file_name("countersign");
    if !beside.is_file() {
        eprintln!("bench: building the binary countersign");
        let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--release", "--package", "countersign"])
            .status()?;
        ensure!(
            built.success() && beside.is_file(),
            "the binary countersign could not be built at {}: name one by --binary",
            beside.display()
        );
    }
    Ok(beside)
}

fn output(mut command: Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::piped()).output()?;
    ensure!(output.status.success(), "{command:?} gave {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// A child that does not outlive its benchmark.
struct Serving(Child);

impl Serving {
    /// Ends it as an operator would, so that it closes its database.
    fn stop(mut self) -> Result<()> {
        let status = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status()?;
        ensure!(status.success(), "the node could not be told to stop");
        ensure!(self.0.wait()?.success(), "the node did not end in order");
        Ok(())
    }

    /// Peak resident memory so far, in MiB, as the Linux kernel counts it.
    fn peak(&self) -> Result<f64> {
        let text = std::fs::read_to_string(Path::new("/proc").join(self.0.id().to_string()).join("status"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("a peak of memory, as Linux has it")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse::<f64>()? / 1_024.0)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // One that has ended already is as well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Memory {
    taking_in: f64,
    serving: f64,
    rate: f64,
}

async fn memory(mut command: Command, key: &str, arguments: &Arguments) -> Result<Memory> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut first = String::new();
    BufReader::new(child.stdout.take().context("the node's output")?).read_line(&mut first)?;
    let serving = Serving(child);
    // The first line ends in the address, as in `listening on http://127.0.0.1:7171`.
    let address: SocketAddr = first
        .trim()
        .rsplit('/')
        .next()
        .and_then(|address| address.parse().ok())
        .with_context(|| format!("the node's address in {first:?}"))?;
    let mut client = Client::connect(address, key).await?;
    // Somebody has to be there, or all of it would be held and routed anew afterwards.
    let ada = client.post("/v1/people", &json!({ "name": "Ada" })).await?.context("a person")?;
    let cases = arguments.cases;
    let chunks = (0..cases).step_by(LINES_AT_ONCE).map(move |from| {
        let text: String = (from..cases.min(from + LINES_AT_ONCE)).map(|n| world::line(Kind::Alert, n) + "\n").collect();
        Bytes::from(text)
    });
    let began = reality::stopwatch();
    let accepted = client.intake_from(chunks).await?;
    ensure!(accepted == cases, "{accepted} of {cases} cases were accepted");
    let rate = reality::rate(cases, began.elapsed());
    let taking_in = serving.peak()?;
    serve_some(&mut client, &ada, arguments.decisions.min(cases)).await?;
    let peak = serving.peak()?;
    eprintln!("bench: node: {taking_in:.0} MiB while taking in {cases} cases at {rate:.0}/s, {peak:.0} MiB in all");
    drop(client);
    serving.stop()?;
    Ok(Memory { taking_in, serving: peak, rate })
}

/// Decisions and lists, as a desk would ask for them.
async fn serve_some(client: &mut Client, ada: &Value, decisions: usize) -> Result<()> {
    let person = json!({ "person": ada.get("person") });
    for n in 0..decisions {
        let claim = client.post("/v1/claims", &person).await?.context("an open case")?;
        let case = claim.get("case").and_then(Value::as_str).context("the claimed case")?;
        let shown = client.post(&format!("/v1/cases/{case}/show"), &person).await?.context("what is shown")?;
        let judgment = json!({ "person": ada.get("person"), "token": shown.get("token"), "answer": "benign" });
        client.post(&format!("/v1/cases/{case}/judgments"), &judgment).await?;
        if n % 20 == 0 {
            client.ask(Method::GET, "/v1/cases?limit=1000", Bytes::new()).await?;
            client.ask(Method::GET, "/v1/decisions?limit=1000", Bytes::new()).await?;
        }
    }
    Ok(())
}

/// From the start of the process to the first answer over HTTP.
fn start(command: impl FnOnce(&str) -> Command) -> Result<Duration> {
    // Free now, and in all likelihood still free in a moment.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut command = command(&address.to_string());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let began = reality::stopwatch();
    let mut serving = Serving(command.spawn()?);
    let mut stream = loop {
        match TcpStream::connect(address) {
            Ok(stream) => break stream,
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                ensure!(serving.0.try_wait()?.is_none(), "the node ended before it listened");
                std::thread::sleep(KNOCK);
            }
            Err(error) => return Err(error.into()),
        }
    };
    stream.write_all(format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes())?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer)?;
    let took = began.elapsed();
    ensure!(answer.ends_with(b" 200"), "the first answer was {:?}", String::from_utf8_lossy(&answer));
    drop(stream);
    serving.stop()?;
    Ok(took)
}
