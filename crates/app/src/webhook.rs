//! Webhooks: addresses that are told what the leads are told. What is due follows from the events and from how far each address has come,
//! so that a restart loses nothing and sends nothing twice that was taken. Sends nothing itself: whoever speaks HTTP takes what is due and
//! says what became of it.

use crate::{Error, Workspace, control::Control, notice};
use countersign_core::{
    id::EventId,
    number::Micros,
    refusal::{Code, Refusal},
    time::format_rfc3339,
};
use countersign_privacy::{Purpose, webhook as signing};
use countersign_store::{
    self as store,
    webhook::{DeliveryRow, WebhookRow},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Addresses of a workspace at most.
pub const WEBHOOKS_MAX: usize = 20;
/// Longest address, in bytes.
pub const URL_BYTES_MAX: usize = 2_048;
/// The type of a message that is sent to see whether an address is reached, and that tells of nothing.
pub const TEST: &str = "webhook.test";
/// How long messages bear the signature of the secret before as well, after it was replaced.
pub const OVERLAP_MICROS: Micros = 24 * 3_600 * SECOND;
/// Messages of an address that are listed.
const LISTED: i64 = 100;
/// How long a message is taken before another node may try.
const TAKEN_MICROS: Micros = 60 * SECOND;
const SECOND: Micros = 1_000_000;
/// Waits between attempts. After the last one it is given up.
const WAITS: [Micros; 9] = [
    5 * SECOND,
    30 * SECOND,
    2 * 60 * SECOND,
    10 * 60 * SECOND,
    60 * 60 * SECOND,
    3 * 3_600 * SECOND,
    6 * 3_600 * SECOND,
    12 * 3_600 * SECOND,
    24 * 3_600 * SECOND,
];

/// An address to add.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookInput {
    /// Where to: `https://..`.
    pub url: String,
    /// Types of notices; empty: all.
    #[serde(default)]
    pub types: Vec<String>,
}

/// An address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookView {
    /// Its id.
    pub webhook: Uuid,
    /// Where to.
    pub url: String,
    /// Types of notices; empty: all.
    pub types: Vec<String>,
    /// When it was added (RFC 3339).
    pub added: String,
    /// When its secret was replaced last (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotated: Option<String>,
    /// Until when its messages bear the signature of the secret before as well (RFC 3339): a day after it was replaced; absent afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_twice_until: Option<String>,
    /// What its messages are signed with; given once, when it is added or replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeliveryView {
    /// The event that it tells of: its `webhook-id`.
    pub event: Uuid,
    /// The type of notice; `webhook.test` for a test.
    #[serde(rename = "type")]
    pub type_name: String,
    /// `due`, `delivered` or `given_up`.
    pub state: String,
    /// Attempts since it was to be sent, or sent once more.
    pub attempts: u64,
    /// When it was tried last (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// When it is tried next (RFC 3339); absent where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// What the last attempt came to.
    pub outcome: String,
}

/// A message to send: a CloudEvent, signed.
#[derive(Debug, Clone)]
pub struct Message {
    /// The address.
    pub webhook: Uuid,
    /// Where to.
    pub url: String,
    /// `webhook-id`: the same at every attempt.
    pub id: Uuid,
    /// `webhook-timestamp`, in seconds.
    pub timestamp: i64,
    /// `webhook-signature`.
    pub signature: String,
    /// A CloudEvent in JSON.
    pub body: Vec<u8>,
    attempts: i64,
    test: bool,
}

#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: Uuid,
    source: String,
    r#type: String,
    time: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    datacontenttype: &'static str,
    data: &'a notice::NoticeView,
}

impl Workspace {
    /// Adds an address. From now on it is told what the leads are told; what was before is not sent.
    ///
    /// # Errors
    /// Where it is no address, a type is unknown, or there are too many.
    pub async fn webhook_add(&self, input: WebhookInput) -> Result<WebhookView, Error> {
        if input.url.len() > URL_BYTES_MAX || !(input.url.starts_with("https://") || input.url.starts_with("http://")) {
            return Err(Refusal::invalid("/url", format!("an address is https://.. of at most {URL_BYTES_MAX} bytes")).into());
        }
        if let Some(at) = input.types.iter().position(|name| !notice::TYPES.contains(&name.as_str())) {
            return Err(Refusal::invalid(format!("/types/{at}"), format!("one of {}", notice::TYPES.join(", "))).into());
        }
        let control = self.control().await?;
        let row = WebhookRow {
            webhook: self.inner.env.ordered_id(),
            url: input.url,
            types: serde_json::to_string(&input.types).map_err(|e| Error::Damaged(e.to_string()))?,
            created_at: self.inner.env.now(),
            seen: i64::try_from(control.state.version).unwrap_or(i64::MAX),
            secret: 0,
            rotated_at: None,
        };
        let mut tx = self.inner.db.begin().await?;
        if store::webhook::list(tx.conn(), self.id.0).await?.len() >= WEBHOOKS_MAX {
            return Err(Refusal::field(Code::TooLarge, "/url", format!("a workspace has at most {WEBHOOKS_MAX} webhooks")).into());
        }
        store::webhook::insert(tx.conn(), self.id.0, &row).await?;
        tx.commit().await?;
        tracing::info!(workspace.id = %self.id, webhook.id = %row.webhook, "a webhook was added");
        let secret = signing::secret_text(&self.webhook_key(row.webhook, row.secret));
        Ok(WebhookView { secret: Some(secret), ..view(&row, row.created_at) })
    }

    /// One address, without its secret.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn webhook_get(&self, webhook: Uuid) -> Result<WebhookView, Error> {
        Ok(view(&self.webhook_row(webhook).await?, self.inner.env.now()))
    }

    /// Replaces the secret of an address. For a day messages bear the signatures of both, so that its receiver loses none meanwhile.
    ///
    /// # Errors
    /// Where there is no such address, or somebody else replaced it at the same moment.
    pub async fn webhook_rotate(&self, webhook: Uuid) -> Result<WebhookView, Error> {
        let mut row = self.webhook_row(webhook).await?;
        let now = self.inner.env.now();
        let mut tx = self.inner.db.begin().await?;
        if !store::webhook::rotate(tx.conn(), self.id.0, webhook, row.secret, now).await? {
            return Err(Refusal::field(Code::Conflict, "/webhook", "its secret was replaced at the same moment: look at it again").into());
        }
        tx.commit().await?;
        tracing::info!(workspace.id = %self.id, webhook.id = %webhook, "the secret of a webhook was replaced");
        (row.secret, row.rotated_at) = (row.secret + 1, Some(now));
        let secret = signing::secret_text(&self.webhook_key(webhook, row.secret));
        Ok(WebhookView { secret: Some(secret), ..view(&row, now) })
    }

    /// Lets a test be sent to an address, whatever types it is told of; tried once.
    ///
    /// # Errors
    /// Where there is no such address, or a test to it is on its way.
    pub async fn webhook_test(&self, webhook: Uuid) -> Result<DeliveryView, Error> {
        self.webhook_row(webhook).await?;
        let event = self.inner.env.ordered_id();
        let mut tx = self.inner.db.begin().await?;
        if store::webhook::delivery_of_type_due(tx.conn(), self.id.0, webhook, TEST).await? {
            return Err(Refusal::field(Code::Conflict, "/webhook", "a test is on its way already").into());
        }
        store::webhook::delivery_add(tx.conn(), self.id.0, webhook, event, TEST, self.inner.env.now()).await?;
        tx.commit().await?;
        self.webhook_delivery(webhook, event).await
    }

    /// Lets a message be sent once more, whatever became of it: at once, and with as many attempts as at first.
    ///
    /// # Errors
    /// Where there is no such message, or it is on its way.
    pub async fn webhook_resend(&self, webhook: Uuid, event: Uuid) -> Result<DeliveryView, Error> {
        self.webhook_delivery(webhook, event).await?;
        let now = self.inner.env.now();
        let mut tx = self.inner.db.begin().await?;
        // Whoever took it has it for so long, and may have sent it already.
        let soon = now.saturating_add(TAKEN_MICROS);
        if !store::webhook::delivery_again(tx.conn(), self.id.0, (webhook, event), (now, soon)).await? {
            return Err(Refusal::field(Code::Conflict, "/event", "it is on its way already, or tried again within a minute").into());
        }
        tx.commit().await?;
        self.webhook_delivery(webhook, event).await
    }

    /// All addresses, without their secrets.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn webhooks_list(&self) -> Result<Vec<WebhookView>, Error> {
        let now = self.inner.env.now();
        let mut session = self.inner.db.session().await?;
        Ok(store::webhook::list(session.conn(), self.id.0).await?.iter().map(|row| view(row, now)).collect())
    }

    /// Takes an address away, with its messages.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn webhook_remove(&self, webhook: Uuid) -> Result<(), Error> {
        let mut tx = self.inner.db.begin().await?;
        let there = store::webhook::delete(tx.conn(), self.id.0, webhook).await?;
        tx.commit().await?;
        tracing::info!(workspace.id = %self.id, webhook.id = %webhook, "a webhook was removed");
        there.then_some(()).ok_or_else(|| Refusal::field(Code::NotFound, "/webhook", "there is no such webhook").into())
    }

    /// The latest messages to an address, newest first.
    ///
    /// # Errors
    /// Where there is no such address.
    pub async fn webhook_deliveries(&self, webhook: Uuid) -> Result<Vec<DeliveryView>, Error> {
        self.webhook_row(webhook).await?;
        let mut session = self.inner.db.session().await?;
        let rows = store::webhook::deliveries_list(session.conn(), self.id.0, webhook, LISTED).await?;
        Ok(rows.iter().map(delivery).collect())
    }

    /// Takes messages that are due, of each address at most `limit` and none of those that are `busy`: no other node sends them for a
    /// minute. Say what became of each. Messages to one address stand together.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn webhook_messages(&self, limit: i64, busy: &[Uuid]) -> Result<Vec<Message>, Error> {
        let mut session = self.inner.db.session().await?;
        let hooks = store::webhook::list(session.conn(), self.id.0).await?;
        drop(session);
        if hooks.is_empty() {
            return Ok(Vec::new());
        }
        let control = self.control().await?;
        self.webhooks_written(&control, &hooks).await?;
        let now = self.inner.env.now();
        let mut session = self.inner.db.session().await?;
        let mut due = Vec::new();
        for hook in hooks.iter().filter(|hook| !busy.contains(&hook.webhook)) {
            let rows = store::webhook::deliveries_due(session.conn(), self.id.0, hook.webhook, now, limit).await?;
            due.extend(rows.into_iter().map(|row| (hook, row)));
        }
        drop(session);
        let mut messages = Vec::with_capacity(due.len());
        for (hook, row) in due {
            let mut tx = self.inner.db.begin().await?;
            let taken = store::webhook::delivery_take(tx.conn(), self.id.0, &row, now.saturating_add(TAKEN_MICROS)).await?;
            tx.commit().await?;
            if taken {
                messages.push(self.webhook_message(&control, hook, &row, now).await?);
            }
        }
        Ok(messages)
    }

    /// Notes what an attempt came to. What failed is tried again after a while, and given up in the end.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn webhook_told(&self, message: &Message, outcome: Result<String, String>) -> Result<(), Error> {
        let now = self.inner.env.now();
        let wait = usize::try_from(message.attempts).ok().and_then(|at| WAITS.get(at)).copied().filter(|_| !message.test);
        let (state, next, words) = match (outcome, wait) {
            (Ok(words), _) => ("delivered", now, words),
            (Err(words), Some(wait)) => ("due", now.saturating_add(wait), words),
            (Err(words), None) => ("given_up", now, words),
        };
        if state != "delivered" {
            tracing::warn!(workspace.id = %self.id, webhook.id = %message.webhook, state, outcome = words, "a webhook was not reached");
        }
        let mut tx = self.inner.db.begin().await?;
        store::webhook::delivery_told(tx.conn(), self.id.0, (message.webhook, message.id), state, (next, now), &words).await?;
        Ok(tx.commit().await?)
    }

    /// Writes down what each address has to be told of what happened since it was looked at last.
    async fn webhooks_written(&self, control: &Control, hooks: &[WebhookRow]) -> Result<(), Error> {
        let version = i64::try_from(control.state.version).unwrap_or(i64::MAX);
        for hook in hooks.iter().filter(|hook| hook.seen < version) {
            let types = types_of(hook);
            let newer = control.state.notices.iter().filter(|event| i64::try_from(event.stream_version).unwrap_or(0) > hook.seen);
            let told = newer.filter_map(|event| notice::of(control, event));
            let wanted: Vec<_> = told.filter(|notice| types.is_empty() || types.contains(&notice.type_name)).collect();
            let mut tx = self.inner.db.begin().await?;
            for notice in &wanted {
                let at = self.inner.env.now();
                store::webhook::delivery_add(tx.conn(), self.id.0, hook.webhook, notice.event, &notice.type_name, at).await?;
            }
            store::webhook::seen(tx.conn(), self.id.0, hook.webhook, version).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn webhook_message(&self, control: &Control, hook: &WebhookRow, row: &DeliveryRow, now: Micros) -> Result<Message, Error> {
        let (id, test) = (row.event, row.type_name == TEST);
        let notice = if test { Some(test_notice(id)) } else { self.webhook_notice(control, id).await? };
        let notice = notice.ok_or_else(|| Error::Damaged("a webhook's message tells of an event that is none".into()))?;
        let told = CloudEvent {
            specversion: "1.0",
            id,
            source: format!("/workspaces/{}", self.id),
            r#type: format!("countersign.{}", notice.type_name),
            time: &notice.at,
            subject: notice.playbook.as_deref(),
            datacontenttype: "application/json",
            data: &notice,
        };
        let body = serde_json::to_vec(&told).map_err(|e| Error::Damaged(e.to_string()))?;
        let timestamp = now.div_euclid(SECOND);
        let sign = |secret: i64| signing::signature(self.webhook_key(hook.webhook, secret).as_slice(), &id.to_string(), timestamp, &body);
        // Receivers take a message that any of its signatures fits.
        let signature = match signed_twice_until(hook, now) {
            Some(_) => format!("{} {}", sign(hook.secret), sign(hook.secret - 1)),
            None => sign(hook.secret),
        };
        let (webhook, url) = (hook.webhook, hook.url.clone());
        Ok(Message { webhook, url, id, timestamp, signature, body, attempts: row.attempts, test })
    }

    async fn webhook_notice(&self, control: &Control, id: Uuid) -> Result<Option<notice::NoticeView>, Error> {
        let event = match control.state.notices.iter().find(|event| event.id == EventId(id)) {
            Some(event) => Some(event.clone()),
            // Older than what is kept at hand.
            None => self.stream_event(EventId(id)).await?,
        };
        Ok(event.as_ref().and_then(|event| notice::of(control, event)))
    }

    async fn webhook_row(&self, webhook: Uuid) -> Result<WebhookRow, Error> {
        let mut session = self.inner.db.session().await?;
        let found = store::webhook::list(session.conn(), self.id.0).await?.into_iter().find(|row| row.webhook == webhook);
        found.ok_or_else(|| Refusal::field(Code::NotFound, "/webhook", "there is no such webhook").into())
    }

    async fn webhook_delivery(&self, webhook: Uuid, event: Uuid) -> Result<DeliveryView, Error> {
        let found = self.webhook_deliveries(webhook).await?.into_iter().find(|view| view.event == event);
        found.ok_or_else(|| Refusal::field(Code::NotFound, "/event", "there is no such message among the latest").into())
    }

    /// An event of the workspace's own stream.
    async fn stream_event(&self, id: EventId) -> Result<Option<countersign_core::Event>, Error> {
        let mut session = self.inner.db.session().await?;
        let rows = store::event::of_stream(session.conn(), self.id.0, self.id.0).await?;
        let found = rows.iter().find(|row| row.id == id.0).map(|row| countersign_core::Event::from_bytes(&row.bytes)).transpose()?;
        Ok(found)
    }

    /// What an address's messages are signed with: derived, and stored nowhere.
    fn webhook_key(&self, webhook: Uuid, secret: i64) -> zeroize::Zeroizing<[u8; 32]> {
        let mut context = self.id.0.as_bytes().to_vec();
        context.extend_from_slice(webhook.as_bytes());
        // The first one is that of addresses from before secrets could be replaced.
        if secret > 0 {
            context.extend_from_slice(&secret.to_be_bytes());
        }
        self.inner.root.derive(Purpose::WebhookSecret, &context)
    }
}

fn types_of(row: &WebhookRow) -> Vec<String> {
    serde_json::from_str(&row.types).unwrap_or_default()
}

/// Until when its messages bear two signatures, while they do.
fn signed_twice_until(row: &WebhookRow, now: Micros) -> Option<Micros> {
    row.rotated_at.map(|at| at.saturating_add(OVERLAP_MICROS)).filter(|until| now < *until)
}

/// What a test says. It happened when it was asked for, which is in its id, so that every attempt says the same.
fn test_notice(event: Uuid) -> notice::NoticeView {
    let at = event.get_timestamp().map_or(0, |time| {
        let (seconds, nanos) = time.to_unix();
        i64::try_from(seconds).unwrap_or(0).saturating_mul(SECOND).saturating_add(i64::from(nanos / 1_000))
    });
    notice::NoticeView {
        event,
        type_name: TEST.into(),
        playbook: None,
        subject: None,
        at: format_rfc3339(at),
        detail: "A test: nothing has happened".into(),
        urgent: false,
    }
}

fn view(row: &WebhookRow, now: Micros) -> WebhookView {
    WebhookView {
        webhook: row.webhook,
        url: row.url.clone(),
        types: types_of(row),
        added: format_rfc3339(row.created_at),
        rotated: row.rotated_at.map(format_rfc3339),
        signed_twice_until: signed_twice_until(row, now).map(format_rfc3339),
        secret: None,
    }
}

fn delivery(row: &DeliveryRow) -> DeliveryView {
    DeliveryView {
        event: row.event,
        type_name: row.type_name.clone(),
        state: row.state.clone(),
        attempts: u64::try_from(row.attempts).unwrap_or(0),
        last: row.last_at.map(format_rfc3339),
        next: (row.state == "due").then(|| format_rfc3339(row.next_at)),
        outcome: row.outcome.clone(),
    }
}
