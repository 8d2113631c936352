//! Letters, against a server of mail on this machine that is told how to behave: one letter says how much is new and where, nothing of
//! what a case or a remark says is in it, and a server that fails is tried again without anybody being told twice.

use super::world::{SECOND, World};
use countersign_core::id::PersonId;
use countersign_server::mail::{MailSettings, Mailer, Security, round};
use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

const MINUTE: i64 = 60 * SECOND;

/// A server of mail that keeps what it was sent. `failing`: so many letters are refused for now.
#[derive(Clone, Default)]
struct Post {
    letters: Arc<Mutex<Vec<String>>>,
    failing: Arc<AtomicU64>,
}

impl Post {
    async fn start() -> (Self, Mailer) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = MailSettings {
            host: "127.0.0.1".into(),
            port: listener.local_addr().unwrap().port(),
            security: Security::None,
            credentials: None,
            from: "Countersign <desk@example.org>".into(),
            desk: "https://desk.example.org/".into(),
        };
        let post = Self::default();
        let taking = post.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(taking.clone().serve(stream));
            }
        });
        (post, Mailer::new(&settings).unwrap())
    }

    async fn serve(self, stream: TcpStream) {
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        let mut letter = None::<String>;
        writer.write_all(b"220 here\r\n").await.unwrap();
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(text) = &mut letter {
                if line == "." {
                    self.letters.lock().unwrap().push(letter.take().unwrap());
                    writer.write_all(b"250 kept\r\n").await.unwrap();
                } else {
                    text.push_str(&line);
                    text.push('\n');
                }
                continue;
            }
            let failing = line.starts_with("RCPT") && self.failing.load(Ordering::Relaxed) > 0;
            let answer = match line.get(..4).unwrap_or_default() {
                "RCPT" if failing => {
                    self.failing.fetch_sub(1, Ordering::Relaxed);
                    "451 come again later"
                }
                "EHLO" => "250 here",
                "DATA" => {
                    letter = Some(String::new());
                    "354 go on"
                }
                "QUIT" => "221 bye",
                _ => "250 well",
            };
            if writer.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                return;
            }
        }
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.letters.lock().unwrap())
    }
}

async fn person(world: &World, name: &str, mail: Option<&str>, role: &str) -> PersonId {
    let answer = world.post("/v1/people", &json!({"name": name, "mail": mail, "roles": ["support", role]})).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    PersonId(answer.id("person"))
}

async fn open(world: &World) -> uuid::Uuid {
    let case = json!({"playbook": "tickets", "external_id": "t-1", "fields": {"subject": "quince", "body": "b", "customer": "c"}});
    let answer = world.post("/v1/cases", &case).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    answer.id("case")
}

async fn done(world: &World, path: String, body: Value) {
    let answer = world.post(&path, &body).await;
    assert!(answer.status.is_success(), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_says_how_much_and_where_and_no_more() {
    let (world, ada) = World::with_tickets().await;
    let (post, mailer) = Post::start().await;
    let ben = person(&world, "Ben Okri", Some("ben@example.org"), "lead").await;
    let silent = person(&world, "Cleo", None, "lead").await;
    let case = open(&world).await;
    assert_eq!(round(&world.workspace, &mailer).await, 0, "they are told what comes from now on");
    world.pass(SECOND);
    done(&world, format!("/v1/cases/{case}/assign"), json!({"person": ada, "to": ben.0, "reason": "the secret word is quince"})).await;
    let remark = json!({"person": ada, "text": "quince, once more", "mentions": [ben.0, silent.0]});
    done(&world, format!("/v1/cases/{case}/comments"), remark).await;
    assert_eq!(round(&world.workspace, &mailer).await, 0, "whoever is at the desk sees it there first");
    world.pass(2 * MINUTE);
    assert_eq!(round(&world.workspace, &mailer).await, 1);
    let letters = post.taken();
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert!(letter.contains("To: \"Ben Okri\" <ben@example.org>") || letter.contains("To: Ben Okri <ben@example.org>"), "{letter}");
    assert!(letter.contains("Subject: test: 1 case was given to you, 1 remark mentions you"), "{letter}");
    assert!(letter.contains("https://desk.example.org/desk/for-you"), "{letter}");
    assert!(!letter.contains("quince") && !letter.contains("Ada") && !letter.contains(&case.to_string()), "{letter}");

    // Nothing new, nothing sent; and what comes soon after waits for its quarter of an hour.
    world.pass(2 * MINUTE);
    assert_eq!(round(&world.workspace, &mailer).await, 0);
    done(&world, format!("/v1/cases/{case}/comments"), json!({"person": ada, "text": "and again", "mentions": [ben.0]})).await;
    world.pass(2 * MINUTE);
    assert_eq!(round(&world.workspace, &mailer).await, 0);
    world.pass(14 * MINUTE);
    assert_eq!(round(&world.workspace, &mailer).await, 1);
    assert!(post.taken()[0].contains("Subject: test: 1 remark mentions you"));

    // Whoever wants none gets none, and is not told afterwards what came meanwhile.
    world.workspace.letters_want(ben, false).await.unwrap();
    done(&world, format!("/v1/cases/{case}/comments"), json!({"person": ada, "text": "hello?", "mentions": [ben.0]})).await;
    world.pass(30 * MINUTE);
    assert_eq!(round(&world.workspace, &mailer).await, 0);
    world.workspace.letters_want(ben, true).await.unwrap();
    world.pass(30 * MINUTE);
    assert_eq!(round(&world.workspace, &mailer).await, 0);
    // The leads are told of a stop.
    done(&world, "/v1/stop".into(), json!({"reason": "quince"})).await;
    world.pass(2 * MINUTE);
    assert_eq!(round(&world.workspace, &mailer).await, 1);
    let told = post.taken();
    assert!(told[0].contains("Subject: test: 1 notice for whoever leads") && told[0].contains("/desk/notices"), "{told:?}");
    assert!(!told[0].contains("quince"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_mail_that_fails_is_tried_again_and_tells_nobody_twice() {
    let (world, ada) = World::with_tickets().await;
    let (post, mailer) = Post::start().await;
    let ben = person(&world, "Ben Okri", Some("ben@example.org"), "lead").await;
    let case = open(&world).await;
    round(&world.workspace, &mailer).await;
    world.pass(SECOND);
    let remark = json!({"person": ada, "text": "look", "mentions": [ben.0]});
    done(&world, format!("/v1/cases/{case}/comments"), remark.clone()).await;
    world.pass(2 * MINUTE);
    post.failing.store(2, Ordering::Relaxed);
    assert_eq!(round(&world.workspace, &mailer).await, 0);
    let view = world.workspace.letters_of(ben).await.unwrap();
    assert!(view.failed.as_deref().is_some_and(|why| why.contains("come again later")), "{view:?}");
    assert_eq!(round(&world.workspace, &mailer).await, 0, "not at once");
    world.pass(MINUTE);
    assert_eq!(round(&world.workspace, &mailer).await, 0, "refused again");
    world.pass(3 * MINUTE);
    assert_eq!(round(&world.workspace, &mailer).await, 1);
    assert_eq!(world.workspace.letters_of(ben).await.unwrap().failed, None);
    world.pass(60 * MINUTE);
    assert_eq!(round(&world.workspace, &mailer).await, 0);
    assert_eq!(post.taken().len(), 1);

    // One that is not there at all is tried six times, and the next letter says what is new by then.
    let nowhere = MailSettings {
        host: "127.0.0.1".into(),
        port: 1,
        security: Security::None,
        credentials: None,
        from: "desk@example.org".into(),
        desk: "http://localhost".into(),
    };
    let nowhere = Mailer::new(&nowhere).unwrap();
    done(&world, format!("/v1/cases/{case}/comments"), remark.clone()).await;
    for _ in 0..6 {
        world.pass(7 * 60 * MINUTE);
        assert_eq!(round(&world.workspace, &nowhere).await, 0);
    }
    world.pass(MINUTE);
    assert_eq!(round(&world.workspace, &mailer).await, 0, "given up, and not before a quarter of an hour");
    done(&world, format!("/v1/cases/{case}/comments"), remark.clone()).await;
    world.pass(30 * MINUTE);
    assert_eq!(round(&world.workspace, &mailer).await, 1);
    assert!(post.taken()[0].contains("1 remark mentions you"), "what was given up is not told once more");
}
