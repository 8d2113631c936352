//! A PostgreSQL for tests: the one that the environment names, else a throw-away cluster from whatever is installed.
//! Never touches a cluster that it did not make.
//!
//! A cluster lives in one temporary folder, listens on a Unix socket there and on one free loopback port, trusts every
//! loopback connection, and is durable (fsync on), because tests that kill the server mean it. A watchdog shell holds
//! the reading end of a pipe from us: when the pipe closes, be it because we are done or because we were killed, it
//! ends the cluster and removes the folder.

use std::{
    fs::{self, File},
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};

/// Where the tests look for the address of a PostgreSQL that they may do anything with.
pub const VARIABLE: &str = "COUNTERSIGN_TEST_POSTGRES";

/// How often a starting server is looked at, and for how long.
const POLL: Duration = Duration::from_millis(50);
const START_POLLS_MAX: u32 = 1_200;
/// How often a start is tried: between finding a free port and binding it, somebody else may take it.
const START_ATTEMPTS_MAX: u32 = 3;

/// Settings of a small server: durable, with room for the connection pools of many tests at once.
const SETTINGS: [&str; 7] = [
    "fsync=on",
    "shared_buffers=64MB",
    "max_connections=300",
    "max_wal_size=512MB",
    "autovacuum_naptime=10s",
    "timezone=UTC",
    "log_timezone=UTC",
];

/// Waits until its input closes; then ends the server whose folder is `$1` and removes the folder. The signals that
/// end us must not end it. A server that does not obey within 10 seconds is killed; removing is tried again, because an
/// `initdb` that was left alone may still be writing.
const WATCHDOG: &str = r#"
trap '' INT TERM HUP
cat > /dev/null
pid=$(head -n 1 "$1/data/postmaster.pid" 2> /dev/null)
if [ -n "$pid" ]; then
    kill -QUIT "$pid" 2> /dev/null
    tries=0
    while kill -0 "$pid" 2> /dev/null && [ "$tries" -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    kill -KILL "$pid" 2> /dev/null
fi
tries=0
while [ -e "$1" ] && [ "$tries" -lt 100 ]; do
    rm -rf "$1" 2> /dev/null || sleep 0.1
    tries=$((tries + 1))
done
"#;

/// A PostgreSQL that tests may use; a throw-away one is gone when this is dropped.
pub struct Server {
    url: String,
    cluster: Option<Cluster>,
}

impl Server {
    /// The server that `COUNTERSIGN_TEST_POSTGRES` or `DATABASE_URL` names, else a new throw-away one, installing
    /// PostgreSQL first where that can be done without asking (root on a machine with apt-get).
    pub fn find_or_start() -> Result<Self> {
        if let Some(url) = named(|variable| std::env::var(variable).ok()) {
            return Ok(Self { url, cluster: None });
        }
        let cluster = Cluster::start(&find_or_install()?)?;
        Ok(Self { url: cluster.url.clone(), cluster: Some(cluster) })
    }

    /// Its address, for a user who may make databases.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// One line for people; an address that the environment names may hold a password and is not repeated.
    pub fn describe(&self) -> String {
        match &self.cluster {
            None => "the server that the environment names".to_owned(),
            Some(cluster) => format!("throw-away PostgreSQL {} at {}", cluster.version, cluster.url),
        }
    }
}

/// The address that the environment names. `DATABASE_URL` counts only when it is one of a PostgreSQL.
fn named(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let postgres = |url: &String| url.starts_with("postgres://") || url.starts_with("postgresql://");
    variable(VARIABLE).filter(|url| !url.is_empty()).or_else(|| variable("DATABASE_URL").filter(postgres))
}

/// Programs of one PostgreSQL version.
struct Programs {
    /// As it prints it, such as `15.18`.
    version: String,
    initdb: PathBuf,
    postgres: PathBuf,
}

fn find_or_install() -> Result<Programs> {
    if let Some(programs) = newest(&folders()) {
        return Ok(programs);
    }
    let advice = "no PostgreSQL was found (looked for initdb and postgres in PATH and /usr/lib/postgresql/*/bin); \
                  install it (Debian: apt-get install postgresql) or set COUNTERSIGN_TEST_POSTGRES to the address of \
                  a server whose databases may be lost";
    if !is_root()? || which("apt-get").is_none() {
        bail!(advice);
    }
    eprintln!("   no PostgreSQL found: installing Debian's");
    for arguments in [&["update"][..], &["install", "-y", "--no-install-recommends", "postgresql"]] {
        let status = Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .context("run apt-get")?;
        if !status.success() {
            bail!("apt-get {} gave {status}, and {advice}", arguments.join(" "));
        }
    }
    newest(&folders()).context(advice)
}

/// Every folder in which PostgreSQL's programs may lie.
fn folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    for parent in ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"] {
        folders.extend(fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path().join("bin")));
    }
    folders.push("/usr/local/pgsql/bin".into());
    folders
}

/// The newest version among `folders`. Links are followed first, because `initdb` looks for its `postgres` in its own
/// folder, and each program is asked for its version: what cannot say it, or says another than its neighbour, is passed.
fn newest(folders: &[PathBuf]) -> Option<Programs> {
    let programs = folders.iter().filter_map(|folder| {
        let initdb = fs::canonicalize(folder.join("initdb")).ok()?;
        let postgres = initdb.with_file_name("postgres");
        let version = version(&initdb)?;
        (self::version(&postgres)? == version).then_some(Programs { version, initdb, postgres })
    });
    programs.max_by_key(|programs| ordinal(&programs.version))
}

/// The version that a program prints as its last word: `initdb (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` is 15.18.
fn version(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (_, after) = text.split_once("(PostgreSQL)")?;
    output.status.success().then(|| after.split_whitespace().next().map(str::to_owned))?
}

/// A version as numbers that sort.
fn ordinal(version: &str) -> Vec<u32> {
    version.split('.').map(|number| number.parse().unwrap_or(0)).collect()
}

fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// A user that PostgreSQL may run as.
#[derive(Clone, Copy)]
struct User {
    uid: u32,
    gid: u32,
}

fn is_root() -> Result<bool> {
    Ok(id(&["-u"]).context("ask id for our user")? == 0)
}

/// `None` when we may run PostgreSQL ourselves; it refuses root, so root takes its user or else nobody.
fn other_user() -> Result<Option<User>> {
    if !is_root()? {
        return Ok(None);
    }
    let user = ["postgres", "nobody"].iter().find_map(|name| Some(User { uid: id(&["-u", name])?, gid: id(&["-g", name])? }));
    user.map(Some).context("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody")
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// A running throw-away cluster.
struct Cluster {
    version: String,
    url: String,
    postgres: Child,
    watchdog: Watchdog,
}

impl Cluster {
    fn start(programs: &Programs) -> Result<Self> {
        let user = other_user()?;
        // Another user has to reach the folder, which it may not under a TMPDIR of root's own.
        let parent = if user.is_some() { PathBuf::from("/tmp") } else { std::env::temp_dir() };
        let folder = tempfile::Builder::new().prefix("countersign-pg-").tempdir_in(parent)?.keep();
        let watchdog = Watchdog::start(&folder, user)?;
        if let Some(user) = user {
            chown(&folder, Some(user.uid), Some(user.gid)).context("hand the folder to PostgreSQL's user")?;
        }
        make_cluster(programs, &folder, user)?;

        let mut attempts = 1;
        let (postgres, url) = loop {
            match serve(programs, &folder, user) {
                Ok(serving) => break serving,
                Err(error) if attempts == START_ATTEMPTS_MAX => return Err(error),
                Err(_) => attempts += 1,
            }
        };
        Ok(Self { version: programs.version.clone(), url, postgres, watchdog })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The watchdog ends the server; we have to collect it, or the watchdog would wait for its process entry.
        self.watchdog.release();
        let _ = self.postgres.wait();
        self.watchdog.wait();
    }
}

/// The shell that cleans up after us.
struct Watchdog(Child);

impl Watchdog {
    fn start(folder: &Path, user: Option<User>) -> Result<Self> {
        let mut command = as_user("sh", user);
        command.args(["-c", WATCHDOG, "sh"]).arg(folder).stdin(Stdio::piped()).stdout(Stdio::null());
        // A group of its own: Ctrl-C on a terminal goes to our group.
        Ok(Self(command.process_group(0).spawn().context("start the shell that cleans up")?))
    }

    fn release(&mut self) {
        drop(self.0.stdin.take());
    }

    fn wait(&mut self) {
        let _ = self.0.wait();
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.release();
        self.wait();
    }
}

fn as_user(program: impl AsRef<std::ffi::OsStr>, user: Option<User>) -> Command {
    let mut command = Command::new(program);
    if let Some(user) = user {
        command.uid(user.uid).gid(user.gid);
    }
    // The other user may not be allowed into our folder, and our PostgreSQL settings are not meant for this cluster.
    command.current_dir("/").env_remove("PGDATA").env_remove("PGHOST").env_remove("PGPORT").env_remove("PGUSER");
    command
}

fn make_cluster(programs: &Programs, folder: &Path, user: Option<User>) -> Result<()> {
    let output = as_user(&programs.initdb, user)
        .arg("--pgdata")
        .arg(folder.join("data"))
        .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"])
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("run {}", programs.initdb.display()))?;
    if !output.status.success() {
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        bail!("initdb gave {}\n{out}{err}", output.status);
    }
    Ok(())
}

/// Starts the server on a free port and waits until it takes connections.
fn serve(programs: &Programs, folder: &Path, user: Option<User>) -> Result<(Child, String)> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let log = folder.join("log");
    let mut command = as_user(&programs.postgres, user);
    command.arg("-D").arg(folder.join("data")).arg("-k").arg(folder);
    command.args(["-h", "127.0.0.1", "-p", &port.to_string()]);
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command.stdin(Stdio::null()).stdout(File::create(&log)?).stderr(File::options().append(true).open(&log)?);
    let mut postgres = command.process_group(0).spawn().context("start postgres")?;
    for _ in 0..START_POLLS_MAX {
        if let Some(status) = postgres.try_wait()? {
            bail!("postgres gave {status} at its start\n{}", fs::read_to_string(&log).unwrap_or_default());
        }
        if is_ready(folder) {
            return Ok((postgres, format!("postgres://postgres@127.0.0.1:{port}/postgres")));
        }
        thread::sleep(POLL);
    }
    let _ = postgres.kill();
    let _ = postgres.wait();
    bail!("postgres did not get ready\n{}", fs::read_to_string(&log).unwrap_or_default())
}

/// What `pg_ctl` looks at too: the eighth line of the server's pid file says how far it has come.
fn is_ready(folder: &Path) -> bool {
    let file = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
    file.lines().nth(7).is_some_and(|line| line.trim() == "ready")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use std::{net::TcpStream, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn the_environment_comes_first() {
        let with = |ours: &'static str, general: &'static str| {
            named(move |variable| Some(if variable == VARIABLE { ours } else { general }.to_owned()))
        };
        assert_eq!(with("postgres://a", "postgres://b").unwrap(), "postgres://a");
        assert_eq!(with("", "postgresql://b").unwrap(), "postgresql://b");
        assert_eq!(with("", "sqlite://b"), None);
        assert_eq!(named(|_| None), None);
    }

    fn program(folder: &Path, name: &str, script: &str) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(name), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn the_newest_whole_installation_is_taken() {
        let root = tempfile::tempdir().unwrap();
        let folders: Vec<PathBuf> = ["9", "15", "16", "17", "18"].iter().map(|name| root.path().join(name)).collect();
        let says = |name: &str, version: &str| format!("echo '{name} (PostgreSQL) {version} (Debian)'");
        for (folder, version) in folders.iter().zip(["9.6.24", "15.18", "16.2", "17.1", "18.0"]) {
            program(folder, "initdb", &says("initdb", version));
        }
        program(&folders[0], "postgres", &says("postgres", "9.6.24"));
        program(&folders[1], "postgres", &says("postgres", "15.18"));
        // A wrapper that cannot say its version, a neighbour of another version, and no neighbour at all.
        program(&folders[2], "postgres", "exit 1");
        program(&folders[3], "postgres", &says("postgres", "16.2"));
        assert_eq!(newest(&folders).unwrap().version, "15.18");

        // A folder of links, as /usr/local/bin often is, leads to the real one.
        let links = root.path().join("links");
        fs::create_dir(&links).unwrap();
        std::os::unix::fs::symlink(folders[1].join("initdb"), links.join("initdb")).unwrap();
        let found = newest(&[links]).unwrap();
        assert_eq!(found.postgres, fs::canonicalize(&folders[1]).unwrap().join("postgres"));
        assert!(newest(&[root.path().join("absent")]).is_none());
    }

    #[test]
    fn a_throw_away_cluster_serves_and_leaves_nothing_behind() {
        let Some(programs) = newest(&folders()) else {
            eprintln!("skipped: no PostgreSQL is installed here");
            return;
        };
        let cluster = Cluster::start(&programs).unwrap();
        let address = cluster.url.split_once('@').unwrap().1.split_once('/').unwrap().0.to_owned();
        TcpStream::connect(&address).unwrap();
        let folder = cluster_folder(&cluster);
        assert!(folder.join("data/PG_VERSION").is_file() || is_root().unwrap());
        drop(cluster);
        TcpStream::connect(&address).unwrap_err();
        assert!(!folder.exists());
    }

    /// The folder, as the server's own command line names it.
    fn cluster_folder(cluster: &Cluster) -> PathBuf {
        let output = Command::new("ps").args(["-o", "args=", "-p", &cluster.postgres.id().to_string()]).output();
        let line = String::from_utf8(output.unwrap().stdout).unwrap();
        let data = line.split_whitespace().skip_while(|word| *word != "-D").nth(1).unwrap().to_owned();
        Path::new(&data).parent().unwrap().to_owned()
    }
}
