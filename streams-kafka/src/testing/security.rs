//! Brokers that want to know their clients, and are known by them.

use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What clients have to show, and how they are connected. Brokers speak to each other in plain text on a port of
/// their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Security {
    /// Nothing, in plain text.
    #[default]
    None,
    /// Name and password in plain text (`SASL_PLAINTEXT` with `PLAIN`).
    Plain,
    /// Name and password that are never sent, over TLS (`SASL_SSL` with `SCRAM-SHA-512`).
    Scram,
    /// A certificate, over TLS (`SSL`).
    Certificate,
}

/// The name that brokers know.
const USER: &str = "streams";
/// Its password, and that of all keystores.
const PASSWORD: &str = "only-for-tests";

impl Security {
    /// Kafka's name of the protocol.
    pub(super) fn protocol(self) -> &'static str {
        match self {
            Security::None => "PLAINTEXT",
            Security::Plain => "SASL_PLAINTEXT",
            Security::Scram => "SASL_SSL",
            Security::Certificate => "SSL",
        }
    }

    fn has_tls(self) -> bool {
        matches!(self, Security::Scram | Security::Certificate)
    }

    /// Makes certificates of the broker and of a client, each signed by itself.
    pub(super) fn prepare(self, dir: &Path) -> Result<()> {
        if !self.has_tls() {
            return Ok(());
        }
        std::fs::create_dir_all(dir)?;
        for name in ["broker", "client"] {
            let (store, pem) = (dir.join(format!("{name}.p12")), dir.join(format!("{name}.pem")));
            let key = ["-genkeypair", "-keyalg", "EC", "-groupname", "secp256r1", "-validity", "30"];
            let owner = format!("CN={name}");
            let more = ["-dname", &owner, "-ext", "san=ip:127.0.0.1,dns:localhost"];
            keytool(&store, name, &[&key[..], &more].concat())?;
            let pem = pem.to_string_lossy();
            keytool(&store, name, &["-exportcert", "-rfc", "-file", &pem])?;
        }
        Ok(())
    }

    /// Further arguments for formatting the storage.
    pub(super) fn format_arguments(self) -> Vec<String> {
        match self {
            Security::Scram => {
                vec!["--add-scram".into(), format!("SCRAM-SHA-512=[name={USER},password={PASSWORD}]")]
            }
            _ => Vec::new(),
        }
    }

    /// The broker's settings.
    pub(super) fn properties(self, dir: &Path) -> String {
        let login = "org.apache.kafka.common.security";
        let mut text = match self {
            Security::None | Security::Certificate => String::new(),
            Security::Plain => format!(
                "sasl.enabled.mechanisms=PLAIN\nlistener.name.client.plain.sasl.jaas.config=\
                 {login}.plain.PlainLoginModule required user_{USER}=\"{PASSWORD}\";\n"
            ),
            Security::Scram => format!(
                "sasl.enabled.mechanisms=SCRAM-SHA-512\nlistener.name.client.scram-sha-512.sasl.jaas.config=\
                 {login}.scram.ScramLoginModule required;\n"
            ),
        };
        if self.has_tls() {
            let (store, client) = (dir.join("broker.p12"), dir.join("client.pem"));
            let auth = if self == Security::Certificate { "required" } else { "none" };
            text += &format!(
                "ssl.keystore.type=PKCS12\nssl.keystore.location={}\nssl.keystore.password={PASSWORD}\n\
                 ssl.truststore.type=PEM\nssl.truststore.location={}\nssl.client.auth={auth}\n",
                store.display(),
                client.display()
            );
        }
        text
    }

    /// A client's settings.
    pub(super) fn of_client(self, dir: &Path) -> Vec<(String, String)> {
        let file = |name: &str| -> PathBuf { dir.join(name) };
        let mut settings = Vec::new();
        let mut set = |key: &str, value: &str| settings.push((key.to_owned(), value.to_owned()));
        if self != Security::None {
            set("security.protocol", self.protocol());
        }
        if let Security::Plain | Security::Scram = self {
            set("sasl.mechanism", if self == Security::Plain { "PLAIN" } else { "SCRAM-SHA-512" });
            set("sasl.username", USER);
            set("sasl.password", PASSWORD);
        }
        if self.has_tls() {
            set("ssl.ca.location", &file("broker.pem").to_string_lossy());
        }
        if self == Security::Certificate {
            set("ssl.keystore.location", &file("client.p12").to_string_lossy());
            set("ssl.keystore.password", PASSWORD);
        }
        settings
    }
}

fn keytool(store: &Path, alias: &str, arguments: &[&str]) -> Result<()> {
    let mut keytool = Command::new("keytool");
    keytool.args(arguments).args(["-alias", alias, "-storetype", "PKCS12", "-storepass", PASSWORD]);
    keytool.args(["-J-XX:TieredStopAtLevel=1", "-J-Xmx64m"]);
    let output = keytool.arg("-keystore").arg(store).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Err(Error::other(format!("keytool failed: {text}")))
}
