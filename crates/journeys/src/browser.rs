//! A browser: keys that are really pressed, pages that are really drawn. Knows nothing of what they show.

use crate::{axe, driver::Driver, screenshots};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource as _, KeyAction, KeyActions},
    key::Key,
    wd::{WebDriverCompatibleCommand, WindowHandle},
};
use hyper::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::{fmt::Debug, sync::Mutex, time::Duration};
use tempfile::TempDir;

/// How often a page is looked at while something is waited for, and for how long altogether.
const POLL: Duration = Duration::from_millis(40);
const POLLS_MAX: u32 = 1_000;
/// How long the desk holds that nobody has read a case; it takes no answer before.
const READ: Duration = Duration::from_millis(300);

/// What kind of screen, and whether pages may run script.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    /// In CSS pixels.
    pub width: u32,
    /// In CSS pixels.
    pub height: u32,
    /// Whether pages may run script.
    pub script: bool,
}

impl Screen {
    /// A small laptop.
    pub const LAPTOP: Self = Self { width: 1_360, height: 860, script: true };
    /// A phone.
    pub const PHONE: Self = Self { width: 390, height: 844, script: true };
    /// A laptop whose browser runs no script.
    pub const NO_SCRIPT: Self = Self { script: false, ..Self::LAPTOP };
}

/// A browser with one window, in which further tabs can be opened.
pub struct Browser {
    client: Client,
    base: String,
    screen: Screen,
    tabs: Mutex<Vec<WindowHandle>>,
    _driver: Driver,
    _profile: TempDir,
}

/// A command of the Chrome DevTools protocol, which `WebDriver` passes on.
#[derive(Debug)]
struct DevTools(Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.0.to_string()))
    }
}

/// An authenticator that the browser has from then on (W3C WebAuthn, section 11): one in the machine, that makes sure who uses it.
#[derive(Debug)]
struct Authenticator;

impl WebDriverCompatibleCommand for Authenticator {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/webauthn/authenticator", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        let of = json!({
            "protocol": "ctap2", "transport": "internal",
            "hasResidentKey": true, "hasUserVerification": true, "isUserVerified": true, "isUserConsenting": true,
        });
        (Method::POST, Some(of.to_string()))
    }
}

/// What stands in the browser's console since it was asked for last.
#[derive(Debug)]
struct Console;

impl WebDriverCompatibleCommand for Console {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

impl Browser {
    /// Opens one that goes to `base`; or says what is missing.
    ///
    /// # Errors
    /// A sentence that says what is not installed.
    ///
    /// # Panics
    /// Where the browser is there and does not work.
    pub async fn open(base: &str, screen: Screen) -> Result<Self, String> {
        let driver = Driver::start()?;
        let profile = tempfile::tempdir().expect("a profile folder");
        let mut options = json!({
            "binary": driver.browser,
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--no-first-run", "--hide-scrollbars", "--disable-dev-shm-usage", "--force-color-profile=srgb",
                format!("--user-data-dir={}", profile.path().display()),
                format!("--window-size={},{}", screen.width, screen.height),
            ],
        });
        if !screen.script {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let capabilities = json!({ "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().expect("an object").clone())
            .connect(&driver.url)
            .await
            .expect("a session with the browser");
        let tabs = Mutex::new(vec![client.window().await.expect("a window")]);
        let browser = Self { client, base: base.to_owned(), screen, tabs, _driver: driver, _profile: profile };
        browser.resize(screen).await;
        Ok(browser)
    }

    /// From now on the window is as large as this screen.
    pub async fn resize(&self, screen: Screen) {
        let Screen { width, height, .. } = screen;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.dev_tools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// From now on it goes to another base.
    pub fn go_through(&mut self, base: &str) {
        base.clone_into(&mut self.base);
    }

    /// Opens one more tab and looks at it.
    ///
    /// # Panics
    /// Where none opens.
    pub async fn new_tab(&self) {
        let tab = self.client.new_window(true).await.expect("a tab").handle;
        self.tabs.lock().expect("tabs").push(tab.clone());
        self.client.switch_to_window(tab).await.expect("the new tab");
        self.resize(self.screen).await;
    }

    /// Looks at the tab that was opened as number `at`, from 0.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn to_tab(&self, at: usize) {
        let tab = self.tabs.lock().expect("tabs").get(at).cloned().expect("a tab");
        self.client.switch_to_window(tab).await.expect("that tab");
        self.dev_tools("Page.bringToFront", json!({})).await;
    }

    /// Looks at a tab that the page opened by itself, from then on the last one.
    ///
    /// # Panics
    /// Where none opens in 40 s.
    pub async fn to_opened_tab(&self) {
        for _ in 0..POLLS_MAX {
            let known = self.tabs.lock().expect("tabs").clone();
            let open = self.client.windows().await.expect("windows");
            if let Some(tab) = open.into_iter().find(|tab| !known.contains(tab)) {
                self.tabs.lock().expect("tabs").push(tab.clone());
                self.client.switch_to_window(tab).await.expect("the opened tab");
                self.resize(self.screen).await;
                return;
            }
            tokio::time::sleep(POLL).await;
        }
        panic!("no tab was opened");
    }

    /// What the browser complains of since it was asked last: scripts that failed, and what the page's policy kept from running. Not
    /// what the server refused.
    pub async fn complaints(&self) -> Vec<String> {
        let told = self.client.issue_cmd(Console).await.expect("the console");
        let entries = told.as_array().cloned().unwrap_or_default();
        let severe = entries.into_iter().filter(|entry| entry["level"] == "SEVERE" && entry["source"] != "network");
        severe.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// From now on it has an authenticator in the machine, without passkeys yet.
    pub async fn authenticator(&self) {
        self.client.issue_cmd(Authenticator).await.expect("an authenticator");
    }

    /// Ends it in order.
    pub async fn close(self) {
        // The driver is ended in any case.
        drop(self.client.clone().close().await);
    }

    async fn dev_tools(&self, command: &str, parameters: Value) -> Value {
        self.client.issue_cmd(DevTools(json!({ "cmd": command, "params": parameters }))).await.expect(command)
    }

    /// What the page holds after everything that is no longer needed was given back: counts and bytes by the browser's own names.
    ///
    /// # Panics
    /// Where the browser does not tell.
    pub async fn memory(&self) -> std::collections::BTreeMap<String, f64> {
        self.dev_tools("HeapProfiler.collectGarbage", json!({})).await;
        self.dev_tools("Performance.enable", json!({})).await;
        let told = self.dev_tools("Performance.getMetrics", json!({})).await;
        let metrics = told["metrics"].as_array().expect("metrics");
        metrics.iter().filter_map(|one| Some((one["name"].as_str()?.to_owned(), one["value"].as_f64()?))).collect()
    }

    /// Goes to a path of the desk.
    pub async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.expect("a page");
    }

    /// Presses the button that goes back.
    ///
    /// # Panics
    /// Where it cannot.
    pub async fn back(&self) {
        self.client.back().await.expect("the page before");
    }

    /// Loads the page anew.
    ///
    /// # Panics
    /// Where it does not come.
    pub async fn reload(&self) {
        self.client.refresh().await.expect("the page");
    }

    /// Lets as much time pass as it takes to see what a case is.
    pub async fn read(&self) {
        tokio::time::sleep(READ).await;
    }

    /// The path and query where it is.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.expect("an address");
        url[url::Position::BeforePath..url::Position::AfterQuery].to_owned()
    }

    /// What a script gives that begins with `return`.
    ///
    /// # Panics
    /// Where it throws.
    pub async fn script(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// What a script gives, later, to the callback `done`.
    ///
    /// # Panics
    /// Where it does not end.
    pub async fn script_later(&self, script: &str) -> Value {
        let script = format!("const done = arguments[arguments.length - 1]; {script}");
        self.client.execute_async(&script, Vec::new()).await.expect("a script that ends")
    }

    /// Waits until an expression is true of the page.
    ///
    /// # Panics
    /// Where it does not become true in 40 s.
    pub async fn until(&self, expression: &str) {
        for _ in 0..POLLS_MAX {
            // While one page gives way to the next, a script may find neither.
            if let Ok(Value::Bool(true)) = self.client.execute(&format!("return Boolean({expression})"), Vec::new()).await {
                return;
            }
            tokio::time::sleep(POLL).await;
        }
        let seen = self.text("body").await;
        self.shot("failed", true).await;
        panic!("it never came to {expression}; the page says: {seen}");
    }

    /// Presses a key where the focus is.
    pub async fn press(&self, key: char) {
        self.press_with(None, key).await;
    }

    /// Presses Enter.
    pub async fn enter(&self) {
        self.press(Key::Enter.into()).await;
    }

    /// Presses Enter with Ctrl held.
    pub async fn control_enter(&self) {
        self.press_with(Some(Key::Control.into()), Key::Enter.into()).await;
    }

    async fn press_with(&self, held: Option<char>, key: char) {
        let mut keys = KeyActions::new("keyboard".to_owned());
        for value in held.into_iter().chain([key]) {
            keys = keys.then(KeyAction::Down { value });
        }
        for value in [key].into_iter().chain(held) {
            keys = keys.then(KeyAction::Up { value });
        }
        self.client.perform_actions(keys).await.expect("a key");
    }

    /// Holds a key, which the machine then presses again and again.
    pub async fn hold(&self, key: char, times: usize) {
        for n in 0..times {
            let down = json!({ "type": "keyDown", "key": key.to_string(), "text": key.to_string(), "autoRepeat": n > 0 });
            self.dev_tools("Input.dispatchKeyEvent", down).await;
            tokio::time::sleep(POLL).await;
        }
        self.dev_tools("Input.dispatchKeyEvent", json!({ "type": "keyUp", "key": key.to_string() })).await;
    }

    /// Clicks twice where a selector's first element is, as fast as a hand does.
    ///
    /// # Panics
    /// Where there is none.
    pub async fn double_click(&self, selector: &str) {
        let place = format!(
            "const at = document.querySelector({selector:?}).getBoundingClientRect(); return [at.x + at.width / 2, at.y + at.height / 2];"
        );
        let place = self.script(&place).await;
        for clicks in 1..=2 {
            for kind in ["mousePressed", "mouseReleased"] {
                let event = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": clicks });
                self.dev_tools("Input.dispatchMouseEvent", event).await;
            }
            tokio::time::sleep(Duration::from_millis(120)).await;
        }
    }

    /// Types where the focus is.
    pub async fn write(&self, text: &str) {
        self.client.active_element().await.expect("something with the focus").send_keys(text).await.expect("typing");
    }

    /// Clicks on what a selector finds first.
    pub async fn click(&self, selector: &str) {
        self.client.find(Locator::Css(selector)).await.unwrap_or_else(|error| panic!("{selector}: {error}")).click().await.expect(selector);
    }

    /// The text of what a selector finds first, as a reader sees it; empty where there is none.
    pub async fn text(&self, selector: &str) -> String {
        match self.client.find(Locator::Css(selector)).await {
            Ok(element) => element.text().await.expect("its text"),
            Err(_) => String::new(),
        }
    }

    /// How many elements a selector finds.
    pub async fn count(&self, selector: &str) -> usize {
        self.client.find_all(Locator::Css(selector)).await.expect(selector).len()
    }

    /// The page as it stands, as HTML.
    pub async fn source(&self) -> String {
        self.client.source().await.expect("the page's source")
    }

    /// The case on the page.
    pub async fn case(&self) -> String {
        self.script("return document.querySelector('article.case')?.dataset.case ?? ''").await.as_str().unwrap_or_default().to_owned()
    }

    /// Dark or light, as the system would say.
    pub async fn dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        self.dev_tools("Emulation.setEmulatedMedia", json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] })).await;
    }

    /// Saves what is seen as `target/screenshots/NAME.png`; `whole`: the page to its end.
    pub async fn shot(&self, name: &str, whole: bool) {
        let mut parameters = json!({ "format": "png" });
        if whole {
            let height = self.script("return document.documentElement.scrollHeight").await;
            let width = self.script("return innerWidth").await;
            parameters["captureBeyondViewport"] = json!(true);
            parameters["clip"] = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        }
        let picture = self.dev_tools("Page.captureScreenshot", parameters).await;
        let bytes = STANDARD.decode(picture["data"].as_str().expect("a picture")).expect("base64");
        std::fs::write(screenshots().join(format!("{name}.png")), bytes).expect("a saved screenshot");
    }

    /// [`Self::look`], and the whole page in a picture of its own; on a phone both are called `phone-NAME`.
    ///
    /// # Panics
    /// As [`Self::look`]; and where a table is cut off on a screen that is no phone. There it scrolls in its box.
    pub async fn whole(&self, name: &str) {
        let cut = "[...document.querySelectorAll('div.wide')].filter(box => box.scrollWidth > box.clientWidth).length";
        let seen = self.script(&format!("return [innerWidth, document.documentElement.clientWidth, {cut}]")).await;
        let phone = seen[0].as_i64().is_some_and(|width| width < 500);
        assert_eq!(seen[0], seen[1], "{name}: a phone shows a page that is too wide from farther away");
        assert!(phone || seen[2] == 0, "{name}: {} tables are cut off", seen[2]);
        let name = if phone { format!("phone-{name}") } else { name.to_owned() };
        self.look(&name).await;
        self.shot(&format!("{name}-whole"), true).await;
    }

    /// Looks at a page as it is in both lights: a screenshot of each, and what axe-core finds wrong, which must be nothing.
    ///
    /// # Panics
    /// Where something is not accessible, or the page is wider than its window.
    pub async fn look(&self, name: &str) {
        let over = self.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth").await;
        assert!(over.as_i64().is_some_and(|over| over <= 0), "{name} is wider than the window by {over} px");
        let mut faults = Vec::new();
        for dark in [false, true] {
            self.dark(dark).await;
            let name = if dark { format!("{name}-dark") } else { name.to_owned() };
            self.shot(&name, false).await;
            if self.screen.script {
                faults.extend(axe::faults(self).await.into_iter().map(|fault| format!("{name}: {fault}")));
            }
        }
        self.dark(false).await;
        assert!(faults.is_empty(), "axe-core finds fault:\n{}", faults.join("\n"));
    }
}
