//! Every command through the real binary: what it does, what it refuses, and its exit code.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod common;

use common::{Bench, data, path};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::Stdio,
};

/// A workspace with the ready support playbook and two people.
fn support() -> Bench {
    let bench = Bench::initialised();
    bench.good(&["playbook", "publish", &path("../../playbooks/support-triage.toml")]);
    for name in ["Ada", "Ben"] {
        bench.good(&["person", "add", name, "--role", "support"]);
    }
    bench
}

fn samples(bench: &Bench) -> Value {
    bench.json(&["import", &path("../../samples/support-tickets.csv"), "--mapping", &path("../../samples/support-tickets.toml")])
}

#[test]
fn init_makes_what_is_missing_and_never_touches_what_is_there() {
    let bench = Bench::new();
    bench.bad(&["case", "list"], 5, "countersign init");
    bench.good(&["init"]);
    assert!(bench.path("data/countersign.db").is_file() && bench.path("data.secret").is_file());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |name: &str| fs::metadata(bench.path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("data"), mode("data.secret")), (0o700, 0o600));
    }
    let secret = fs::read(bench.path("data.secret")).unwrap();
    bench.bad(&["init"], 3, "nothing was changed");
    assert_eq!(fs::read(bench.path("data.secret")).unwrap(), secret);
    fs::remove_file(bench.path("data.secret")).unwrap();
    bench.bad(&["init"], 5, "a new one could not open it");
    bench.bad(&["case", "list"], 5, "no root secret");
    let mut command = bench.command(&["case", "list"]);
    let output = command.env("COUNTERSIGN_ROOT_SECRET", String::from_utf8(secret).unwrap().trim()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn configuration_names_the_wrong_key() {
    let bench = Bench::initialised();
    fs::write(bench.path("data/countersign.toml"), "listne = \"127.0.0.1:1\"\n").unwrap();
    bench.bad(&["case", "list"], 2, "listne");
    fs::write(bench.path("data/countersign.toml"), "workspace = \"00000000-0000-4000-8000-000000000000\"\n").unwrap();
    bench.bad(&["playbook", "list"], 3, "no such workspace");
    bench.bad(&["no-such-command"], 2, "no-such-command");
}

#[test]
fn importing_twice_changes_nothing_and_a_changed_row_is_a_conflict() {
    let bench = support();
    let report = samples(&bench);
    assert_eq!((&report["accepted"], &report["duplicates"], &report["refused"]), (&300.into(), &0.into(), &0.into()));
    assert_eq!(report["proposals"], json!({ "keywords": 300, "triage-llm": 300 }));
    let report = samples(&bench);
    assert_eq!((&report["accepted"], &report["duplicates"], &report["refused"]), (&0.into(), &300.into(), &0.into()));
    let text = fs::read_to_string(path("../../samples/support-tickets.csv")).unwrap();
    let changed = text.replacen(",free,", ",team,", 1);
    fs::write(bench.path("changed.csv"), changed).unwrap();
    let ran = bench.run(&["import", "changed.csv", "--mapping", &path("../../samples/support-tickets.toml"), "--json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &report["duplicates"], &report["refused"]), (3, &299.into(), &1.into()));
    assert!(report["bad_rows"][0]["reason"].as_str().unwrap().contains("external id"), "{report}");
}

#[test]
fn a_dry_run_shows_cases_and_bad_rows_and_writes_nothing() {
    let bench = support();
    let hostile = "ticket,subject,talk,customer,plan,llm_billing,llm_bug,llm_account,llm_abuse\n\
        1,Robert'); DROP TABLE cases;--,\"[{\"\"role\"\":\"\"customer\"\",\"\"text\"\":\"\"<script>alert(1)</script>\"\"}]\",a@example.org,free,0.25,0.25,0.25,0.25\n\
        2,short,\"[{\"\"role\"\":\"\"customer\"\",\"\"text\"\":\"\"x\"\"}]\",a@example.org,gold,1,0,0,0\n\
        3,sums,\"[{\"\"role\"\":\"\"customer\"\",\"\"text\"\":\"\"x\"\"}]\",a@example.org,free,0.5,0.4,0,0\n\
        4,talks,no json,a@example.org,free,1,0,0,0\n\
        5,nul\u{0}byte,\"[{\"\"role\"\":\"\"customer\"\",\"\"text\"\":\"\"x\"\"}]\",a@example.org,free,1,0,0,0\n\
        6,ragged\n";
    fs::write(bench.path("hostile.csv"), hostile).unwrap();
    let arguments =
        ["import", "hostile.csv", "--playbook", "support-triage", "--external-id", "ticket", "--proposal", "name=llm,probabilities=llm_*"];
    let ran = bench.run(&[&arguments[..], &["--dry-run", "--json"]].concat());
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &told["read"], &told["good"]), (3, &6.into(), &1.into()));
    let bad: Vec<(u64, &str)> =
        told["bad_rows"].as_array().unwrap().iter().map(|b| (b["line"].as_u64().unwrap(), b["column"].as_str().unwrap_or(""))).collect();
    assert_eq!(bad, [(3, "plan"), (4, "proposals/0/probabilities"), (5, "talk"), (6, "subject"), (7, "")]);
    assert_eq!(told["cases"][0]["case"]["fields"]["subject"], "Robert'); DROP TABLE cases;--");
    assert!(bench.cases().is_empty(), "a dry run writes nothing");
    let readable = bench.run(&[&arguments[..], &["--dry-run"]].concat());
    assert!(readable.out.contains("subject: Robert'); DROP TABLE cases;--") && readable.out.contains("line 3, plan:"), "{}", readable.out);
    let ran = bench.run(&[&arguments[..], &["--json"]].concat());
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &report["accepted"], &report["refused"]), (3, &1.into(), &5.into()));
    assert_eq!(report["bad_rows"].as_array().unwrap().len(), 5);
    bench.bad(&["import", "hostile.csv", "--playbook", "support-triage", "--external-id", "nr"], 2, "there is no column \"nr\"");
    bench.bad(&["import", "absent.csv", "--playbook", "support-triage"], 3, "absent.csv");
    bench.bad(&["import", "hostile.csv", "--playbook", "nope"], 3, "no playbook of this name");
}

#[test]
fn standard_input_is_a_file_too() {
    let bench = support();
    let mut child = bench
        .command(&["import", "-", "--format", "ndjson", "--playbook", "support-triage", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let case = json!({ "external_id": "1", "fields": { "subject": "s", "talk": [{ "role": "customer", "text": "t" }], "customer": "c@example.org", "plan": "free" } });
    child.stdin.take().unwrap().write_all(format!("{case}\n{{\"playbook\": \"unknown\"}}\nnonsense\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["accepted"], &report["refused"]), (Some(3), &1.into(), &2.into()));
    let playbook = path("../../playbooks/support-triage.toml");
    let mut child = bench.command(&["train", "-", "--playbook", &playbook]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"subject,answer\nhelp,nonsense\n").unwrap();
    let ran = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.code() == Some(3) && said.contains("row 1: \"nonsense\" is none of the playbook's options"), "{said}");
}

#[test]
fn trees_are_trained_from_a_file_and_asked() {
    let bench = Bench::new();
    let playbook = "name = \"refunds\"\nquestion = \"?\"\nanswer = { kind = \"choice\", options = [\"pay\", \"refuse\"] }\n[fields]\namount = { type = \"number\" }\n";
    fs::write(bench.path("refunds.toml"), playbook).unwrap();
    let row = |n: usize| format!("{},{}\n", n * 67 % 200, if (60..140).contains(&(n * 67 % 200)) { "pay" } else { "refuse" });
    fs::write(bench.path("rows.csv"), format!("amount,answer\n{}", (0..300).map(row).collect::<String>())).unwrap();
    let train = |kind: &str| bench.json(&["train", "rows.csv", "--playbook", "refunds.toml", "--kind", kind, "--out", "model.cstm"]);
    assert_eq!(train("text")["kind"], "built-in-text");
    let best = train("best");
    assert_eq!((&best["kind"], &best["report"]["beside"]["kind"]), (&"built-in-trees".into(), &"text".into()), "{best}");
    assert!(best["report"]["beside"]["difference"]["low"].as_f64().unwrap() > 0.0, "{best}");
    assert_eq!(train("trees")["version"], best["version"]);
    fs::write(bench.path("asked.csv"), "amount\n100\n150\n").unwrap();
    let said = bench.good(&["propose", "asked.csv", "--playbook", "refunds.toml", "--model", "model.cstm", "--quiet"]);
    let said: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&said[0]["answer"], &said[1]["answer"]), (&"pay".into(), &"refuse".into()), "{said:?}");
    assert_eq!((&said[0]["evidence"][0]["field"], &said[0]["evidence"][0]["quote"]), (&"amount".into(), &"100".into()));
    bench.bad(&["train", "rows.csv", "--playbook", "refunds.toml", "--kind", "forest"], 2, "possible values: text, trees, best");
}

#[test]
fn cases_are_shown_listed_explained_and_exported() {
    let bench = support();
    samples(&bench);
    let shown = bench.json(&["case", "show", "support-triage/T-10007", "--history"]);
    assert_eq!(shown["external_id"], "T-10007");
    assert!(shown["history"].as_array().unwrap().len() > 3);
    let id = shown["case"].as_str().unwrap();
    assert!(bench.good(&["case", "show", id]).contains("triage-llm"));
    bench.bad(&["case", "show", "support-triage/absent"], 3, "there is no case");
    bench.bad(&["case", "show", "absent"], 2, "PLAYBOOK/EXTERNAL-ID");
    let open = bench.json(&["case", "list", "--playbook", "support-triage", "--state", "open"]);
    assert_eq!(open["items"].as_array().unwrap().len(), 8);
    let waiting = open["items"][0]["case"].as_str().unwrap().to_owned();
    assert_eq!(bench.json(&["explain", &waiting])["matches"], true);
    let table = bench.good(&["export", "cases", "--format", "csv", "--quiet"]);
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    assert_eq!(reader.headers().unwrap().len(), 13);
    assert_eq!(reader.records().map(Result::unwrap).count(), 300);
    let events = bench.good(&["export", "events", "--quiet"]);
    let positions: Vec<u64> =
        events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["position"].as_u64().unwrap()).collect();
    assert!(positions.iter().enumerate().all(|(i, position)| *position == i as u64), "every event once, in order");
    let some = bench.good(&["export", "events", "--from", "100", "--quiet"]);
    assert_eq!(some.lines().count(), positions.len() - 100);
    assert_eq!(bench.good(&["export", "events", "--format", "csv", "--quiet"]).lines().next().unwrap().split(',').count(), 10);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let bench = support();
    samples(&bench);
    let mut child = bench.command(&["export", "events"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut first).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn a_workspace_verifies_and_an_older_checkpoint_stays_its_beginning() {
    let bench = support();
    let older = bench.good(&["log", "checkpoint"]);
    fs::write(bench.path("older.note"), &older).unwrap();
    samples(&bench);
    let report = bench.json(&["verify", "--checkpoint", "older.note"]);
    assert_eq!(report["problems_count"], 0);
    let mut lines: Vec<&str> = older.lines().collect();
    let changed = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    lines[2] = changed;
    fs::write(bench.path("forged.note"), lines.join("\n") + "\n").unwrap();
    assert_eq!(bench.run(&["verify", "--checkpoint", "forged.note"]).code, 4);
    let before = bench.good(&["log", "key"]);
    let after = bench.good(&["log", "rotate"]);
    assert_ne!(before, after);
    assert_eq!(bench.json(&["verify", "--checkpoint", "older.note"])["problems_count"], 0);
    bench.good(&["log", "disclose-draws"]);
    assert!(bench.good(&["rebuild"]).contains("Rebuilt"));
    assert_eq!(bench.json(&["verify"])["problems_count"], 0);
}

#[test]
fn people_keys_and_stops() {
    let bench = support();
    let people = bench.json(&["person", "list"]);
    assert_eq!(people.as_array().unwrap().len(), 2);
    bench.bad(&["person", "add", "Ada"], 3, "");
    let changed = bench.json(&["person", "change", "Ben", "--role", "support", "--role", "lead", "--active", "false"]);
    assert_eq!((&changed["roles"], &changed["active"]), (&json!(["support", "lead"]), &false.into()));
    bench.bad(&["person", "change", "Nobody", "--no-roles"], 3, "nobody is called");
    bench.good(&["person", "forget", "Ben"]);
    assert!(!bench.good(&["person", "list"]).contains("Ben"));

    let made = bench.json(&["key", "add", "robot", "--scope", "cases:read", "--person", "Ada"]);
    let text = made["text"].as_str().unwrap();
    let listed = bench.good(&["key", "list", "--json"]);
    assert!(text.starts_with("cs_") && !listed.contains(text));
    bench.good(&["key", "revoke", made["key"]["key"].as_str().unwrap()]);
    assert_eq!(bench.json(&["key", "list"])[0]["revoked"], true);
    bench.bad(&["key", "add", "robot", "--scope", "everything"], 2, "cases:read");

    assert_eq!(bench.json(&["stop", "--proposer", "triage-llm", "--reason", "it drifts"])[0]["name"], "triage-llm");
    assert_eq!(bench.json(&["stop"]).as_array().unwrap().len(), 2);
    bench.bad(&["doctor"], 1, "wrong");
    bench.bad(&["resume", "--reason", "again"], 2, "--person");
    // Two lift it where two are there.
    bench.good(&["person", "add", "Cy", "--role", "support"]);
    let asked = bench.json(&["resume", "--person", "Ada", "--reason", "repaired"]);
    assert_eq!((&asked[0]["resume"]["name"], &asked[0]["alone"]), (&json!("Ada"), &json!(false)));
    bench.bad(&["resume", "--person", "Ada", "--reason", "repaired"], 3, "a second person has to");
    assert_eq!(bench.json(&["resume", "--person", "Cy", "--reason", "I see it too"]).as_array().unwrap().len(), 1);
    bench.good(&["person", "change", "Cy", "--active", "false"]);
    bench.good(&["resume", "--person", "Ada", "--reason", "repaired", "--proposer", "triage-llm"]);
    let findings = bench.json(&["doctor"]);
    assert!(findings.as_array().unwrap().iter().all(|finding| finding["ok"] == true), "{findings}");
}

#[test]
fn an_erased_subject_is_gone_also_after_restoring_an_older_backup() {
    let bench = support();
    samples(&bench);
    let customer = {
        let shown = bench.json(&["case", "show", "support-triage/T-10000"]);
        common::field(&shown, "customer").as_str().unwrap().to_owned()
    };
    bench.good(&["backup", "--to", "backup.db"]);
    bench.bad(&["backup", "--to", "backup.db"], 3, "exists already");
    let subject = bench.good(&["subject", "find", "support-triage", &customer]).trim().to_owned();
    assert!(bench.good(&["subject", "export", &subject]).contains(&customer));
    bench.bad(&["subject", "erase", &subject], 2, "--yes");
    let erased = bench.json(&["subject", "erase", &subject, "--yes"]);
    assert!(erased["destroyed"].as_u64().unwrap() > 0);
    assert_eq!(bench.json(&["subject", "erased"]).as_array().unwrap().len(), 1);
    let shown = bench.json(&["case", "show", "support-triage/T-10001"]);
    assert_ne!(common::field(&shown, "customer"), customer.as_str());
    assert_eq!(bench.json(&["verify"])["problems_count"], 0);

    let restore = ["restore", "--from", "backup.db", "--data", "restored", "--secret-file", "data.secret"];
    bench.bad(&[&restore[..], &["--erasures", "absent"]].concat(), 2, "absent");
    let restored = bench.json(&[&restore[..], &["--erasures", "data.erasures"]].concat());
    assert_eq!(restored[0]["erased"], 1);
    bench.bad(&[&restore[..], &["--erasures", "data.erasures"]].concat(), 3, "there already");
    let at = ["--data", "restored", "--secret-file", "data.secret"];
    assert_eq!(bench.json(&[&["verify"][..], &at].concat())["problems_count"], 0);
    let decisions = bench.good(&[&["export", "decisions"][..], &at].concat());
    let first: serde_json::Value = serde_json::from_str(decisions.lines().next().unwrap()).unwrap();
    bench.good(&[&["bundle", first["decision"].as_str().unwrap(), "--out", "old.json"][..], &at].concat());
    let verdict = bench.json(&["verify", "old.json"]);
    assert_eq!(verdict["earlier_logs"].as_array().map(Vec::len), Some(1), "{verdict}");
    assert!(!bench.good(&[&["export", "cases"][..], &at].concat()).contains(&customer));
}

#[test]
fn playbooks_are_checked_started_from_data_and_published_in_versions() {
    let bench = Bench::initialised();
    let good = data("recidivism.toml");
    bench.good(&["playbook", "check", &good]);
    let text = fs::read_to_string(&good).unwrap();
    fs::write(
        bench.path("bad.toml"),
        text.replace("kind = \"truth\"", "kind = \"thruth\"").replace("default = \"unaided\"", "defualt = \"unaided\""),
    )
    .unwrap();
    let ran = bench.run(&["playbook", "check", "bad.toml", &good]);
    assert_eq!(ran.code, 3);
    assert!(ran.out.contains("bad.toml:") && ran.out.contains("outcome.kind") && ran.out.contains("defualt"), "{}", ran.out);
    bench.bad(&["playbook", "publish", "bad.toml"], 3, "not published");
    assert!(bench.good(&["playbook", "publish", &good]).contains("version 1"));
    assert!(bench.good(&["playbook", "publish", &good]).contains("version 1"), "the same again is the same version");
    fs::write(bench.path("next.toml"), text.replace("within two years", "within a year")).unwrap();
    assert!(bench.good(&["playbook", "publish", "next.toml"]).contains("version 2"));
    assert_eq!(bench.good(&["playbook", "show", "recidivism", "--version", "1"]), text);
    for sample in [path("../../samples/support-tickets.csv"), data("recidivism.twin.csv"), data("cifar10h.twin.csv")] {
        bench.good(&["playbook", "new", "--from", &sample, "--name", "mine", "--out", "mine.toml"]);
        bench.good(&["playbook", "check", "mine.toml"]);
        fs::remove_file(bench.path("mine.toml")).unwrap();
    }
    bench.bad(&["playbook", "new", "--from", "absent.csv"], 3, "absent.csv");
}

/// An endpoint on loopback that answers `B` to everything; where it is.
fn endpoint() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut bytes, mut request) = (stream.unwrap(), vec![0; 1 << 16], String::new());
            while !request.ends_with('}') {
                let Ok(read @ 1..) = stream.read(&mut bytes) else { break };
                request.push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
            let known = request.to_lowercase().contains("authorization: bearer sesame");
            let (status, body) = match known {
                true => (200, r#"{"choices":[{"message":{"content":"B"}}],"usage":{"prompt_tokens":100,"completion_tokens":1}}"#),
                false => (401, "{}"),
            };
            let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all((head + body).as_bytes());
        }
    });
    url
}

#[test]
fn a_language_model_advises_on_open_cases_and_its_recording_does_the_same() {
    let bench = Bench::initialised();
    let playbook = "name = \"mail\"\nquestion = \"Where to?\"\nanswer = { kind = \"choice\", options = [\"bug\", \"billing\"] }\n\
        [fields]\nbody = { type = \"text\" }\nwho = { type = \"text\", personal = true }\n[routing]\ndefault = \"assist\"\n";
    fs::write(bench.path("mail.toml"), playbook).unwrap();
    bench.good(&["playbook", "publish", "mail.toml"]);
    bench.good(&["person", "add", "Ada"]);
    for n in 0..2 {
        let case = json!({ "playbook": "mail", "fields": { "body": format!("charged {n} times"), "who": "nobody's business" } });
        fs::write(bench.path("case.json"), case.to_string()).unwrap();
        bench.good(&["case", "open", "case.json"]);
    }
    let url = endpoint();
    let asking = ["propose", "--playbook", "mail", "--endpoint", &url, "--llm", "small", "--samples", "1", "--price", "1000,2000"];
    let ask = |more: &[&str], key: &str| {
        let output = bench.command(&[&asking[..], more].concat()).env("COUNTERSIGN_LLM_KEY", key).output().unwrap();
        let (out, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert!(output.status.success() && !(out.clone() + &said).contains(key), "{out}{said}");
        (out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>(), said)
    };
    let proposals = || bench.cases().iter().map(|case| case["proposals"].as_array().unwrap().len()).sum::<usize>();

    // A wrong key is wrong for all cases: one line says so, and nobody goes on asking.
    let (lines, said) = ask(&[], "mellon");
    assert!(lines.len() == 1 && lines[0]["no_advice"].as_str().unwrap().contains("401"), "{lines:?}");
    assert!(said.contains("1 open case, 1 without advice, 0 proposals added"), "{said}");
    // Looking adds nothing, and costs what it costs: 100 tokens at 1,000 and one at 2,000 a thousand.
    let (looked, said) = ask(&["--record", "recording.ndjson"], "sesame");
    assert!(looked.iter().all(|line| line["answer"] == "billing" && line["case"].is_string()) && looked.len() == 2, "{looked:?}");
    assert!(said.contains("0 proposals added, cost 204 millionths"), "{said}");
    assert_eq!(proposals(), 0);
    let recording = fs::read_to_string(bench.path("recording.ndjson")).unwrap();
    assert!(!recording.contains("sesame") && !recording.contains("charged"), "{recording}");
    // The same from the recording, with nobody to ask; what has a proposal of it is not asked about again.
    let (replayed, said) = ask(&["--replay", "recording.ndjson", "--add"], "unused-key");
    assert_eq!(replayed, looked);
    assert!(said.contains("2 proposals added"), "{said}");
    assert_eq!(proposals(), 2);
    assert!(ask(&["--add"], "sesame").0.is_empty());
    // The node's directory is not taken for rows to learn from.
    bench.bad(&["train", "--from-workspace", "--playbook", "mail"], 3, "0 examples teach nothing");
    bench.bad(&["propose", "--playbook", "mail", "--endpoint", &url], 2, "--llm");
    bench.bad(&["propose", "--playbook", "mail", "--endpoint", &url, "--llm", "small", "--price", "cheap"], 2, "two whole numbers");
}

#[test]
fn people_reach_the_desk_by_a_name_and_passkeys_are_theirs() {
    let bench = support();
    let link = bench.good(&["desk", "link", "--person", "Ada"]);
    assert!(link.starts_with("http://localhost:7171/desk/sign-in/"), "{link}");
    assert_eq!(bench.good(&["desk", "passkeys", "--person", "Ada"]), "");
    let unknown = "00".repeat(32);
    bench.bad(&["desk", "passkeys", "--person", "Ada", "--remove", &unknown], 3, "no such passkey");
    bench.bad(&["desk", "passkeys", "--person", "Ada", "--remove", "mine"], 2, "--remove");
    bench.bad(&["serve", "--listen", "127.0.0.1:0", "--url", "desk.example.org"], 2, "https://");
}

#[test]
fn completions_know_the_commands() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(bench.good(&["completions", shell]).contains("disclose-draws"), "{shell}");
    }
}

#[test]
#[cfg(unix)]
fn serve_answers_and_ends_in_order() {
    let bench = support();
    let mut server = bench.command(&["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    std::process::Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap();
    assert!(server.wait().unwrap().success());
}
