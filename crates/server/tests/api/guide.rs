//! The guide is true: its commands run, as they stand, against a server that listens.

use super::world::World;
use countersign_server::{ServerConfig, serve};
use std::process::Command;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guide_runs_as_it_stands() {
    let there = |tool: &str| Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success());
    if !["bash", "curl", "jq"].into_iter().all(there) {
        println!("skipped: it takes bash, curl and jq");
        return;
    }
    let guide = include_str!("../../../../docs/guide.md");
    let blocks = |fence: &'static str| guide.split(fence).skip(1).filter_map(|rest| rest.split("```\n").next());
    let commands: String = blocks("```sh\n").collect();
    assert!(commands.matches("api ").count() > 15);
    let world = World::new().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let script = format!("set -euo pipefail\n{}", commands.replace("127.0.0.1:7171", &listener.local_addr().unwrap().to_string()));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(serve(world.app.clone(), listener, ServerConfig::default(), async {
        let _ = stopped.await;
    }));
    let folder = tempfile::tempdir().unwrap();
    let mut bash = Command::new("bash");
    bash.arg("-c").arg(script).env("KEY", &world.admin).current_dir(folder.path());
    let output = tokio::task::spawn_blocking(move || bash.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    for promised in blocks("```text\n") {
        assert!(said.contains(promised), "the guide promises\n{promised}\nbut it is\n{said}");
    }
    stop.send(()).unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(10), server).await.expect("it shuts down in order").unwrap();
}
