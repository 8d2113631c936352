//! Chromedriver as a process of ours: started on a free port, and ended with every browser that it started. Never touches another.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// Where a browser and its driver may lie, first found first taken.
const BROWSERS: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const DRIVERS: [&str; 2] = ["/usr/bin/chromedriver", "/usr/lib/chromium/chromedriver"];

/// A running driver.
pub struct Driver {
    process: Child,
    /// Where it listens.
    pub url: String,
    /// The browser that it is to start.
    pub browser: PathBuf,
}

impl Driver {
    /// Starts it, or says what is missing.
    pub fn start() -> Result<Self, String> {
        let found = |places: &[&str]| places.iter().map(Path::new).find(|path| path.exists()).map(Path::to_path_buf);
        let browser = found(&BROWSERS).ok_or("there is no Chromium (Debian: apt-get install chromium)")?;
        let driver = found(&DRIVERS).ok_or("there is no chromedriver (Debian: apt-get install chromium-driver)")?;
        // A group of its own, so that the browser goes with it whatever happens to the test.
        let mut command = Command::new(driver);
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let mut process = command.spawn().map_err(|error| format!("chromedriver does not start: {error}"))?;
        let mut lines = BufReader::new(process.stdout.take().expect("a piped output")).lines();
        let port = loop {
            let Some(Ok(line)) = lines.next() else {
                return Err("chromedriver ended before it listened".into());
            };
            if let Some(rest) = line.split("on port ").nth(1).filter(|_| line.contains("success")) {
                break rest.chars().take_while(char::is_ascii_digit).collect::<String>();
            }
        };
        // Whatever else it says is read away, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { process, url: format!("http://127.0.0.1:{port}"), browser })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let group = format!("-{}", self.process.id());
        // Where they are gone already there is nothing to end.
        drop(Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status());
        drop(self.process.wait());
    }
}
