//! Groups that others hold, such as a Kafka Streams application of the same id.
//!
//! With the classic protocol the broker refuses a member that shares no assignor with the others, and the client says
//! so. With the consumer protocol it refuses too, but the client tries again for ever without a word: so the group is
//! looked at before.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use streams_core::{Error, ErrorKind, Result};

use super::callbacks::Callbacks;
use crate::log::Shared;

/// Assignors of classic groups with whose members those of the consumer protocol can share a group, and the broker's.
const SHARED: [&str; 6] = ["", "range", "roundrobin", "sticky", "cooperative-sticky", "uniform"];

/// How often, and after which pause, is looked again.
const TRIES: usize = 3;
const PAUSE: Duration = Duration::from_millis(100);

/// Errs if the broker would not let a member of the consumer protocol into the group.
pub(super) fn check(shared: &Shared, consumer: &BaseConsumer<Callbacks>, group: &str) -> Result<()> {
    // Another process may be making the group at this moment, between the two questions.
    for _ in 0..TRIES {
        match look(shared, consumer, group) {
            Err(error) if error.kind() == ErrorKind::Config => std::thread::sleep(PAUSE),
            other => return other,
        }
    }
    look(shared, consumer, group)
}

fn look(shared: &Shared, consumer: &BaseConsumer<Callbacks>, group: &str) -> Result<()> {
    match shared.admin.describe_group(group)? {
        Some(found) if found.members.is_empty() || SHARED.contains(&&*found.assignor) => Ok(()),
        Some(found) => Err(refused(group, &format!("its members use the assignor `{}`", found.assignor))),
        None => match consumer.fetch_group_list(Some(group), shared.config.request_timeout) {
            Ok(list) if !list.groups().is_empty() => {
                let message = format!(
                    "group {group} is not one of consumers, but of another type, such as that of Kafka Streams' \
                     streams protocol: use the classic protocol, which takes it over when it has no members"
                );
                Err(Error::new(ErrorKind::Config, message))
            }
            Ok(_) => Ok(()),
            Err(error) => {
                tracing::debug!(group, %error, "groups cannot be listed");
                Ok(())
            }
        },
    }
}

/// The group has members that this one cannot share it with.
pub(super) fn refused(group: &str, why: &str) -> Error {
    let message = format!(
        "group {group} is held by members of another kind, such as a Kafka Streams application of this id ({why}): \
         stop all of its instances first; one that does not leave the group counts until its session timeout is \
         over, by default after 45 s"
    );
    Error::new(ErrorKind::Config, message)
}
