//! Metrics and health of the service over HTTP.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use common::process::{PATIENCE, Running, ctr, text};

/// What a server answers: status line and headers, and the body.
fn ask(address: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("the request is taken");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("there is an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("headers end");
    (head.to_ascii_lowercase(), body.to_owned())
}

/// The value of a sample without labels but its client.
fn value(metrics: &str, name: &str) -> Option<f64> {
    let line = metrics.lines().find(|line| line.starts_with(&format!("{name}{{")))?;
    line.rsplit_once(' ')?.1.parse().ok()
}

#[test]
fn the_service_serves_metrics_for_prometheus_and_health_for_an_orchestrator() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let running = Running::start(ctr(&["--data-dir", text(dir.path()), "--metrics", "127.0.0.1:0"]), false);
    let address = loop {
        let line = running.lines.recv_timeout(PATIENCE).expect("it says where it listens");
        if let Some(rest) = line.strip_prefix("metrics http://") {
            break rest.split('/').next().expect("an address").to_owned();
        }
    };
    let until = Instant::now() + PATIENCE;
    loop {
        let (head, body) = ask(&address, "/ready");
        if head.starts_with("http/1.1 200") {
            assert!(body.contains(r#""ok":true"#) && body.contains(r#""reason":"running""#), "{body}");
            break;
        }
        assert!(head.starts_with("http/1.1 503") && body.contains(r#""ok":false"#), "{head}\n{body}");
        assert!(Instant::now() < until, "never ready: {body}");
    }
    let (head, body) = ask(&address, "/live");
    assert!(head.starts_with("http/1.1 200") && head.contains("application/json"), "{head}\n{body}");
    let metrics = loop {
        let (head, body) = ask(&address, "/metrics");
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
        if value(&body, "streams_consumed_records_total").is_some_and(|consumed| consumed > 0.0) {
            break body;
        }
        assert!(Instant::now() < until, "nothing is consumed: {body}");
    };
    assert_eq!(value(&metrics, "streams_ready"), Some(1.0), "{metrics}");
    assert!(metrics.contains(r#"kafka_streams_stream_task_metrics_dropped_records_total{thread_id="ctr-"#));
    assert!(metrics.contains(r#"topic_name="ad_events_raw""#), "{metrics}");
    assert!(ask(&address, "/nothing").0.starts_with("http/1.1 404"));
    running.interrupt();
    let (well, said) = running.end();
    assert!(well, "{said:?}");
}

#[test]
fn an_address_that_is_taken_is_refused_by_name() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = taken.local_addr().expect("it has an address").to_string();
    let dir = tempfile::tempdir().expect("a temporary folder");
    let output = common::process::run(&["--data-dir", text(dir.path()), "--metrics", &address]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(said.contains(&address) && said.contains("--metrics"), "{said}");
}
