//! A way to the brokers that can be cut: proxies before all brokers of a cluster, for one client process.
//!
//! Every broker has a listener for each lane, and tells clients that come in there the ports of the lane's proxies. So
//! nothing of what such a client says or hears passes by.

use std::io::{Read, Result, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

/// How a lane is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Connections are closed, and new ones too.
    Close,
    /// Nothing passes, and nobody is told. What was on the way arrives when the lane is healed.
    Stall,
}

/// Proxies before the brokers of a cluster. They end with the process.
pub struct Lane {
    ports: Vec<u16>,
    gate: Arc<Gate>,
}

#[derive(Default)]
struct Gate {
    state: Mutex<State>,
    healed: Condvar,
}

#[derive(Default)]
struct State {
    cut: Option<Cut>,
    open: Vec<TcpStream>,
}

impl Lane {
    /// A lane to brokers at these ports.
    pub(super) fn start(brokers: &[u16]) -> Result<Lane> {
        let gate = Arc::new(Gate::default());
        let mut ports = Vec::with_capacity(brokers.len());
        for &broker in brokers {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            ports.push(listener.local_addr()?.port());
            let gate = Arc::clone(&gate);
            Builder::new().name("lane".into()).spawn(move || {
                for stream in listener.incoming().flatten() {
                    // A client that is refused tries again.
                    let _ = connect(&gate, stream, broker);
                }
            })?;
        }
        Ok(Lane { ports, gate })
    }

    /// Ports of the proxies, by broker.
    pub(super) fn ports(&self) -> &[u16] {
        &self.ports
    }

    /// `host:port` of all brokers as a client of this lane reaches them.
    pub fn bootstrap(&self) -> String {
        let brokers: Vec<String> = self.ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        brokers.join(",")
    }

    /// Lets nothing pass in either direction until it is healed.
    pub fn cut(&self, cut: Cut) {
        let mut state = self.gate.state();
        state.cut = Some(cut);
        if cut == Cut::Close {
            for stream in state.open.drain(..) {
                // Closed already.
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }

    /// Lets everything pass again.
    pub fn heal(&self) {
        self.gate.state().cut = None;
        self.gate.healed.notify_all();
    }
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while the lane is stalled; whether bytes pass then.
    fn pass(&self) -> bool {
        let stalled = |state: &mut State| state.cut == Some(Cut::Stall);
        let state = self.healed.wait_while(self.state(), stalled).unwrap_or_else(PoisonError::into_inner);
        state.cut.is_none()
    }
}

fn connect(gate: &Arc<Gate>, client: TcpStream, broker: u16) -> Result<()> {
    if gate.state().cut == Some(Cut::Close) {
        return client.shutdown(Shutdown::Both);
    }
    let broker = TcpStream::connect(("127.0.0.1", broker))?;
    for stream in [&client, &broker] {
        stream.set_nodelay(true)?;
        gate.state().open.push(stream.try_clone()?);
    }
    let pairs = [(client.try_clone()?, broker.try_clone()?), (broker, client)];
    for (from, to) in pairs {
        let gate = Arc::clone(gate);
        Builder::new().name("lane".into()).spawn(move || {
            // Whatever ends one direction ends the connection.
            let _ = pump(&gate, &from, &to);
            let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
        })?;
    }
    Ok(())
}

fn pump(gate: &Gate, mut from: &TcpStream, mut to: &TcpStream) -> Result<()> {
    let mut bytes = vec![0; 64 << 10];
    loop {
        let count = from.read(&mut bytes)?;
        if count == 0 || !gate.pass() {
            return Ok(());
        }
        to.write_all(&bytes[..count])?;
    }
}
