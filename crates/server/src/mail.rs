//! Sends letters by SMTP: takes what is due, sends it, and says what became of it. Beside all requests and behind the writer: nothing waits
//! for it. A letter says how much is new and where to look; no link in it decides anything.

use countersign_app::{
    App, Workspace,
    letter::{Letter, News},
};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{authentication::Credentials, client::Tls, client::TlsParameters},
};
use std::{fmt, time::Duration};

/// How often it is looked for what is due.
const PERIOD: Duration = Duration::from_secs(5);
/// How long a server of mail may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a server of mail is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS begins after a word (STARTTLS, RFC 3207); without it nothing is sent.
    StartTls,
    /// TLS from the start (RFC 8314).
    Tls,
    /// None: on this machine only.
    None,
}

/// By which server letters go out.
#[derive(Clone, PartialEq, Eq)]
pub struct MailSettings {
    /// The server's name, or its address on this machine.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it is reached.
    pub security: Security,
    /// As whom, and by which password.
    pub credentials: Option<(String, String)>,
    /// From whom letters are, as in `Countersign <desk@example.org>`.
    pub from: String,
    /// Where people reach the desk, as in `https://desk.example.org`.
    pub desk: String,
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailSettings").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// What sends letters.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    desk: String,
}

impl Mailer {
    /// With these settings.
    ///
    /// # Errors
    /// In words that name the setting.
    pub fn new(settings: &MailSettings) -> Result<Self, String> {
        let from: Mailbox = settings.from.parse().map_err(|error| format!("from: {:?} is no address of mail: {error}", settings.from))?;
        let here = settings.host == "localhost" || settings.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        if settings.security == Security::None && !here {
            return Err("security: \"none\" is for a server on this machine only; say \"starttls\" or \"tls\"".to_owned());
        }
        let tls = || TlsParameters::new(settings.host.clone()).map_err(|error| format!("host: {error}"));
        let tls = match settings.security {
            Security::StartTls => Tls::Required(tls()?),
            Security::Tls => Tls::Wrapper(tls()?),
            Security::None => Tls::None,
        };
        let mut builder =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host).port(settings.port).timeout(Some(PATIENCE)).tls(tls);
        if let Some((user, password)) = &settings.credentials {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Self { transport: builder.build(), from, desk: settings.desk.trim_end_matches('/').to_owned() })
    }

    async fn send(&self, letter: &Letter) -> Result<(), String> {
        let to: Address = letter.mail.parse().map_err(|_| "this is no address that mail can be sent to".to_owned())?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(letter.name.clone()), to))
            .subject(format!("{}: {}", letter.workspace, words(letter.news)))
            .header(ContentType::TEXT_PLAIN)
            .body(body(letter, &self.desk))
            .map_err(|error| error.to_string())?;
        self.transport.send(message).await.map(|_| ()).map_err(|error| error.to_string())
    }
}

/// Sends what is due in all workspaces of the node's database, until it is aborted.
pub fn spawn(app: &App, mailer: Mailer) -> tokio::task::JoinHandle<()> {
    let app = app.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(PERIOD).await;
            for id in app.workspaces().await.unwrap_or_default() {
                round(&app.workspace(id), &mailer).await;
            }
        }
    })
}

/// Sends what is due in one workspace. Returns how many letters went out.
pub async fn round(workspace: &Workspace, mailer: &Mailer) -> usize {
    let letters = match workspace.letters_due().await {
        Ok(letters) => letters,
        Err(error) => {
            tracing::warn!(%error, workspace.id = %workspace.id(), "letters could not be made; trying again");
            return 0;
        }
    };
    let mut sent = 0;
    for letter in letters {
        let failed = mailer.send(&letter).await.err();
        sent += usize::from(failed.is_none());
        if let Some(why) = &failed {
            // Neither the address nor what the server said of it: both are personal.
            tracing::warn!(workspace.id = %workspace.id(), "a letter could not be sent; its person sees why at the desk");
            tracing::debug!(why, "the server of mail said");
        }
        if let Err(error) = workspace.letter_told(&letter, failed.as_deref()).await {
            tracing::warn!(%error, workspace.id = %workspace.id(), "what became of a letter could not be noted; it is due again");
        }
    }
    sent
}

/// How much is new, in words.
fn words(news: News) -> String {
    let some = |n: u64, one: &str, more: &str| match n {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {more}")),
    };
    [
        some(news.given, "case was given to you", "cases were given to you"),
        some(news.mentioned, "remark mentions you", "remarks mention you"),
        some(news.notices, "notice for whoever leads", "notices for whoever leads"),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(", ")
}

fn body(letter: &Letter, desk: &str) -> String {
    let place = if letter.news.given + letter.news.mentioned > 0 { "for-you" } else { "notices" };
    format!(
        "{name},\r\n\r\n{words}, in {workspace}.\r\n\r\n{desk}/desk/{place}\r\n\r\nWhat it is about stands at the desk and not in a letter. You get one letter \
in a quarter of an hour at most; switch them off at\r\n{desk}/desk/for-you\r\n",
        name = letter.name,
        words = words(letter.news),
        workspace = letter.workspace,
    )
}
