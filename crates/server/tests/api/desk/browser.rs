//! A browser without script: it keeps a cookie, follows redirects, and posts the forms of the page that it shows.

use crate::world::World;
use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use countersign_core::id::PersonId;
use uuid::Uuid;

pub struct Browser<'w> {
    pub world: &'w World,
    pub cookie: Option<String>,
    /// What it keeps while it is at a provider.
    pub away: Option<String>,
    /// What it shows.
    pub page: Page,
}

#[derive(Default, Clone)]
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    /// Where it is.
    pub path: String,
}

/// A form of a page: where it goes, and what its hidden controls hold.
pub struct Form {
    pub action: String,
    pub hidden: Vec<(String, String)>,
}

impl Page {
    pub fn has(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    /// The first form whose address ends so.
    pub fn form(&self, action: &str) -> Form {
        self.forms().into_iter().find(|form| form.action.ends_with(action)).unwrap_or_else(|| panic!("no form {action} in {}", self.text))
    }

    /// All forms that post.
    pub fn forms(&self) -> Vec<Form> {
        let chunks = self.text.split("<form ").skip(1).map(|rest| rest.split("</form>").next().unwrap());
        let posting = chunks.filter(|chunk| chunk.split('>').next().unwrap().contains("method=\"post\""));
        posting
            .map(|chunk| Form {
                action: attribute(chunk.split('>').next().unwrap(), "action").unwrap(),
                hidden: chunk
                    .split("<input ")
                    .skip(1)
                    .map(|input| input.split('>').next().unwrap())
                    .filter(|input| input.contains("type=\"hidden\""))
                    .map(|input| (attribute(input, "name").unwrap(), attribute(input, "value").unwrap_or_default()))
                    .collect(),
            })
            .collect()
    }

    /// What a reader sees: the text between the tags.
    pub fn plain(&self) -> String {
        let main = self.text.split("<main").nth(1).and_then(|rest| rest.split("</main>").next()).unwrap_or(&self.text);
        let text: String = main.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).collect::<Vec<_>>().join(" ");
        unescaped(&text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The address of the case that the page is about.
    pub fn case(&self) -> Uuid {
        let at = self.headers.get("x-desk-url").unwrap_or_else(|| panic!("not at a case but at {}: {}", self.path, self.plain()));
        at.to_str().unwrap().strip_prefix("/desk/cases/").unwrap()[..36].parse().unwrap()
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let rest = tag.split(&format!("{name}=\"")).nth(1)?;
    Some(unescaped(rest.split('"').next()?))
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

pub fn encoded(pairs: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

impl<'w> Browser<'w> {
    pub fn new(world: &'w World) -> Self {
        Self { world, cookie: None, away: None, page: Page::default() }
    }

    /// Signed in as a person, at the queue.
    pub async fn of(world: &'w World, person: Uuid) -> Self {
        let mut browser = Self::new(world);
        let link = world.workspace.desk_link(&countersign_app::workspace::system("setup"), PersonId(person)).await.unwrap();
        browser.get(&format!("/desk/sign-in/{link}")).await;
        assert_eq!(browser.page.status, 200, "{}", browser.page.text);
        browser.submit(&link, &[]).await;
        assert_eq!((browser.page.status.as_u16(), browser.page.path.as_str()), (200, "/desk"), "{}", browser.page.text);
        browser
    }

    /// One request as it is, without following anything.
    pub async fn send(&mut self, request: Request<Body>) -> Page {
        let path = request.uri().to_string();
        let answer = self.world.call(request).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
            let place = if pair.starts_with("countersign-away=") { &mut self.away } else { &mut self.cookie };
            *place = Some(pair).filter(|pair| !pair.ends_with('='));
        }
        Page { status: answer.status, headers: answer.headers, text: answer.text, path }
    }

    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let mut request = Request::builder().method(method).uri(path).header("host", "desk.test");
        let kept: Vec<&str> = [&self.cookie, &self.away].into_iter().flatten().map(String::as_str).collect();
        if !kept.is_empty() {
            request = request.header("cookie", kept.join("; "));
        }
        request
    }

    pub async fn get(&mut self, path: &str) -> &Page {
        let mut path = path.to_owned();
        for _ in 0..5 {
            let request = self.request(Method::GET, &path).body(Body::empty()).unwrap();
            let page = self.send(request).await;
            self.page = page;
            let Some(to) = self.page.headers.get(header::LOCATION).filter(|_| self.page.status.is_redirection()) else { break };
            path = to.to_str().unwrap().to_owned();
        }
        &self.page
    }

    /// Posts pairs as a browser posts a form, and follows where it is sent.
    pub async fn post(&mut self, path: &str, pairs: &[(String, String)]) -> &Page {
        let request = self
            .request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", "http://desk.test")
            .header("sec-fetch-site", "same-origin");
        let page = self.send(request.body(Body::from(encoded(pairs))).unwrap()).await;
        self.page = page;
        if let Some(to) = self.page.headers.get(header::LOCATION).filter(|_| self.page.status.is_redirection()) {
            let to = to.to_str().unwrap().to_owned();
            self.get(&to).await;
        }
        &self.page
    }

    /// Fills in the form that goes to this address, and sends it.
    pub async fn submit(&mut self, action: &str, typed: &[(&str, &str)]) -> &Page {
        let Form { action, mut hidden } = self.page.form(action);
        hidden.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(&action, &hidden).await
    }

    /// Takes the next case from the queue's page.
    pub async fn next(&mut self) -> &Page {
        self.get("/desk").await;
        self.submit("/desk/next", &[]).await
    }

    /// Answers the case that is shown.
    pub async fn judge(&mut self, typed: &[(&str, &str)]) -> &Page {
        self.submit("/judge", typed).await
    }
}
