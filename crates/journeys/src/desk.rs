//! A workspace with every kind of case, served on loopback, and a browser that is signed in to it.

use crate::{Browser, Screen, cases, leave_out};
use countersign_app::{
    Options,
    input::{AmendInput, CaseInput, ProposalInput},
    passkey::Site,
};
use countersign_core::id::{CaseId, PersonId};
use countersign_server::{ServerConfig, SignIn};
use countersign_testkit::{Database, Kit, caller};
use serde_json::Value;
use std::future;
use tokio::{
    net::TcpListener,
    sync::{Mutex, MutexGuard},
    task::JoinHandle,
};

/// One journey at a time: a browser takes the whole machine.
static TURN: Mutex<()> = Mutex::const_new(());
/// Between two cases that come in.
const APART_MICROS: i64 = 7 * 60 * 1_000_000;

/// Everything that a journey needs.
pub struct Desk {
    /// The node and its clock.
    pub kit: Kit,
    /// Who sits at the browser.
    pub ada: PersonId,
    /// The browser.
    pub browser: Browser,
    base: String,
    tasks: Vec<JoinHandle<()>>,
    _turn: MutexGuard<'static, ()>,
}

/// The same address by the name of this machine.
fn named(base: &str) -> String {
    base.replace("127.0.0.1", "localhost")
}

impl Desk {
    /// A desk with the playbooks of [`cases`] and no case; Ada is at the browser and not yet signed in. `None`, after saying why, where
    /// there is no browser.
    ///
    /// # Panics
    /// Where the node, the server or the browser does not come up.
    pub async fn empty(screen: Screen) -> Option<Self> {
        Self::signing_in(screen, |_| Some(SignIn::default())).await
    }

    /// The same where people sign in by more than links and passkeys: `by` says by what, once it is known where the desk is. `None`, too,
    /// where it says so.
    ///
    /// # Panics
    /// As [`Self::empty`].
    pub async fn signing_in(screen: Screen, by: impl FnOnce(&str) -> Option<SignIn>) -> Option<Self> {
        let turn = TURN.lock().await;
        let kit = Kit::on(Database::sqlite(), 7).await;
        for source in cases::PLAYBOOKS {
            kit.publish(source).await;
        }
        let ada = kit.member("Ada Brandt", &cases::ROLES).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let browser = match Browser::open(&base, screen).await {
            Ok(browser) => browser,
            Err(missing) => {
                leave_out(&format!("no journey in a browser: {missing}"));
                return None;
            }
        };
        let sign_in = by(&named(&base))?;
        let app = kit.app.clone();
        let site = Site::parse(&named(&base)).expect("an address");
        let config = ServerConfig { site, sign_in, letters: true, ..ServerConfig::default() };
        let serving = tokio::spawn(countersign_server::serve(app, listener, config, future::pending()));
        let tasks = vec![serving, countersign_app::integrator::spawn(&kit.app), countersign_app::reroute::spawn(&kit.app)];
        Some(Self { kit, ada, browser, base, tasks, _turn: turn })
    }

    /// A desk where Ada is signed in, at the queue.
    pub async fn open(screen: Screen) -> Option<Self> {
        let desk = Self::empty(screen).await?;
        desk.sign_in().await;
        Some(desk)
    }

    /// Signs Ada in by a one-time link, as she would.
    ///
    /// # Panics
    /// Where the queue does not come.
    pub async fn sign_in(&self) {
        self.sign_in_as(self.ada).await;
    }

    /// Signs somebody in by a one-time link, in the place of whoever was.
    ///
    /// # Panics
    /// Where the queue does not come.
    pub async fn sign_in_as(&self, person: PersonId) {
        let link = self.kit.workspace.desk_link(&caller(), person).await.expect("a link");
        self.browser.go(&format!("/desk/sign-in/{link}")).await;
        self.browser.click("main form button").await;
        self.browser.until("document.querySelector('[data-next], .empty')").await;
    }

    /// From now on its clock says what this machine's says: other programs bear witness by theirs.
    ///
    /// # Panics
    /// Where this machine's clock is before 1970.
    pub fn to_present(&self) {
        #[expect(clippy::disallowed_methods, reason = "a provider that is no program of ours has a clock of its own")]
        let present = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time after 1970").as_micros();
        self.kit.clock.advance(i64::try_from(present).expect("a time of this age") - self.kit.clock.now());
    }

    /// Takes in a case that is written as `POST /v1/cases` has it.
    ///
    /// # Panics
    /// Where it is refused.
    pub async fn take_in(&self, case: Value) -> CaseId {
        let case = self.take_in_at_once(case).await;
        self.kit.clock.advance(APART_MICROS);
        case
    }

    /// The same at this moment, as one of many: an hour of them would end the session.
    ///
    /// # Panics
    /// Where it is refused.
    pub async fn take_in_at_once(&self, case: Value) -> CaseId {
        let input: CaseInput = serde_json::from_value(case).expect("a case");
        CaseId(self.kit.workspace.case_open(&caller(), input, Options::default()).await.expect("a case that is taken in").case)
    }

    /// Lets an AI propose something more on a case.
    ///
    /// # Panics
    /// Where it is refused.
    pub async fn propose(&self, case: CaseId, proposal: Value) {
        let input: ProposalInput = serde_json::from_value(proposal).expect("a proposal");
        self.kit.workspace.case_propose(&caller(), case, input, Options::default()).await.expect("a proposal that is taken in");
    }

    /// Puts other content in the place of a case's, as its source would.
    ///
    /// # Panics
    /// Where it is refused.
    pub async fn amend(&self, case: CaseId, fields: &Value) {
        let fields = fields.as_object().expect("fields").clone();
        self.kit.workspace.case_amend(&caller(), case, AmendInput { fields }, Options::default()).await.expect("new content");
    }

    /// A case as it stands in the workspace.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn stands(&self, case: CaseId) -> countersign_app::view::CaseView {
        self.kit.workspace.case_get(case, None).await.expect("the case")
    }

    /// From now on the browser goes to the desk by its name: under a number browsers have no passkeys.
    pub fn go_by_name(&mut self) {
        self.browser.go_through(&named(&self.base));
    }

    /// Where the desk is.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Ends all of it.
    pub async fn close(self) {
        self.browser.close().await;
        for task in self.tasks {
            task.abort();
        }
    }
}
