//! What `history-check` ends with: clients who were never acknowledged anything have nothing to accuse anybody of, and that is
//! no proof.

use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use valetkey_testkit::history::clients::{Crowd, Load};
use valetkey_testkit::history::log::Log;
use valetkey_testkit::{Site, cast};

const CLEAN_LATER: &str = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";
const FAULT: &str = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";

/// Answers everybody the same, on one connection after the other; without an answer it hangs up.
async fn answers(listener: TcpListener, answer: &'static str) {
    while let Ok((mut stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let read = stream.read(&mut [0; 4096]).await.unwrap_or(0);
            if read > 0 {
                drop(stream.write_all(answer.as_bytes()).await);
            }
        });
    }
}

/// Lets clients come to whoever answers so, and leaves their history.
async fn history_of(answer: &'static str, file: &Path) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(answers(listener, answer));
    let log = Log::create(file).unwrap();
    let load = Load {
        sites: vec![Site::wire(&format!("http://{address}"), address)],
        app: cast::MYSWEETAPP,
        person: cast::ALICE,
        clients: 3,
        pause: Duration::from_millis(1),
        patience: Duration::from_secs(60),
        flows: usize::MAX,
        seed: 1,
    };
    let crowd = Crowd::begin(&load, &log);
    let told = || std::fs::read_to_string(file).unwrap().matches("\"told\"").count();
    let all_told = async {
        while told() < 6 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(300), all_told).await;
    in_time.expect("the crowd goes on");
    crowd.end().await;
    serving.abort();
}

async fn checked(answer: &'static str) -> (Option<i32>, String) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("history.jsonl");
    history_of(answer, &file).await;
    let mut check = Command::new(env!("CARGO_BIN_EXE_history-check"));
    let output = check.arg(&file).output().unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

#[tokio::test]
async fn a_server_that_never_says_yes_is_accused_of_nothing_and_proves_nothing() {
    for answer in [CLEAN_LATER, ""] {
        let (status, told) = checked(answer).await;
        assert!(told.contains("\n0 violations"), "{told}");
        assert!(told.contains("PROVES NOTHING: 0 grants"), "{told}");
        assert_eq!(status, Some(3), "{told}");
    }
}

#[tokio::test]
async fn a_server_that_says_500_is_accused_although_it_never_says_yes() {
    let (status, told) = checked(FAULT).await;
    assert!(told.contains("no clean \"later\""), "{told}");
    assert_eq!(status, Some(1), "{told}");
}
