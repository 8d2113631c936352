//! A browser: keys that are really pressed, pages that are really drawn. Knows nothing of what they show.

use crate::{axe, driver::Driver, screenshots};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use fantoccini::{
    Client, ClientBuilder, Locator,
    actions::{InputSource as _, KeyAction, KeyActions},
    key::Key,
    wd::WebDriverCompatibleCommand,
};
use hyper::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::{fmt::Debug, time::Duration};
use tempfile::TempDir;

/// How often a page is looked at while something is waited for, and for how long altogether.
const POLL: Duration = Duration::from_millis(40);
const POLLS_MAX: u32 = 1_000;

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

/// A browser with one window.
pub struct Browser {
    client: Client,
    base: String,
    screen: Screen,
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
        let capabilities = json!({ "browserName": "chrome", "goog:chromeOptions": options });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().expect("an object").clone())
            .connect(&driver.url)
            .await
            .expect("a session with the browser");
        let browser = Self { client, base: base.to_owned(), screen, _driver: driver, _profile: profile };
        let size = json!({ "width": screen.width, "height": screen.height, "deviceScaleFactor": 1, "mobile": screen.width < 500 });
        browser.dev_tools("Emulation.setDeviceMetricsOverride", size).await;
        Ok(browser)
    }

    /// Ends it in order.
    pub async fn close(self) {
        // The driver is ended in any case.
        drop(self.client.clone().close().await);
    }

    async fn dev_tools(&self, command: &str, parameters: Value) -> Value {
        self.client.issue_cmd(DevTools(json!({ "cmd": command, "params": parameters }))).await.expect(command)
    }

    /// Goes to a path of the desk.
    pub async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.expect("a page");
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
            parameters["captureBeyondViewport"] = json!(true);
            parameters["clip"] = json!({ "x": 0, "y": 0, "width": self.screen.width, "height": height, "scale": 1 });
        }
        let picture = self.dev_tools("Page.captureScreenshot", parameters).await;
        let bytes = STANDARD.decode(picture["data"].as_str().expect("a picture")).expect("base64");
        std::fs::write(screenshots().join(format!("{name}.png")), bytes).expect("a saved screenshot");
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
