//! A line between a browser and the desk that can be cut: at once, or so that what was asked arrives and the answer does not. Reads
//! nothing of what it carries.

use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// What proxies say of a server that they do not reach.
const BAD_GATEWAY: &str =
    "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 20\r\nconnection: close\r\n\r\n<h1>Bad Gateway</h1>";

/// What the line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// All there is.
    Everything,
    /// What the browser sends; the answer is lost.
    NoAnswer,
    /// Nothing: connections break, and new ones end at once.
    Nothing,
    /// Nothing, and something on the way says so.
    BadGateway,
}

/// The line.
pub struct Line {
    /// Where the browser goes.
    pub base: String,
    carries: watch::Sender<Carries>,
    task: JoinHandle<()>,
}

impl Line {
    /// A line to the desk at `base`, which carries everything.
    ///
    /// # Panics
    /// Where there is no free port, or `base` is no address.
    pub async fn to(base: &str) -> Self {
        let desk: SocketAddr = base.trim_start_matches("http://").parse().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let (carries, told) = watch::channel(Carries::Everything);
        let task = tokio::spawn(async move {
            while let Ok((browser, _)) = listener.accept().await {
                tokio::spawn(carry(browser, desk, told.clone()));
            }
        });
        Self { base, carries, task }
    }

    /// From now on it carries this.
    pub fn carry(&self, carries: Carries) {
        self.carries.send_replace(carries);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(browser: TcpStream, desk: SocketAddr, mut carries: watch::Receiver<Carries>) {
    let (mut from_browser, mut to_browser) = browser.into_split();
    let mut buffer = vec![0; 16 << 10];
    let at_first = *carries.borrow();
    match at_first {
        Carries::Nothing => return,
        Carries::BadGateway => {
            let _ = from_browser.read(&mut buffer).await;
            let _ = to_browser.write_all(BAD_GATEWAY.as_bytes()).await;
            return;
        }
        Carries::Everything | Carries::NoAnswer => {}
    }
    let Ok(there) = TcpStream::connect(desk).await else { return };
    let (mut from_desk, mut to_desk) = there.into_split();
    let now = carries.clone();
    let asks = tokio::io::copy(&mut from_browser, &mut to_desk);
    let answers = async {
        while let Ok(n @ 1..) = from_desk.read(&mut buffer).await {
            let part = buffer.get(..n).unwrap_or_default();
            if *now.borrow() != Carries::Everything || to_browser.write_all(part).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        _ = asks => {}
        () = answers => {}
        _ = carries.wait_for(|carries| matches!(carries, Carries::Nothing | Carries::BadGateway)) => {}
    }
}
