//! Kafka's error codes as kinds of errors.

use std::fmt::Display;

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use streams_core::{Error, ErrorKind};

/// What a code means to the runtime: `Fenced` has to start again from what is committed, `Timeout` may pass.
pub(crate) fn kind(code: Code) -> ErrorKind {
    match code {
        Code::UnknownTopicOrPartition
        | Code::UnknownTopic
        | Code::UnknownPartition
        | Code::GroupIdNotFound => ErrorKind::NotFound,
        Code::TopicAlreadyExists => ErrorKind::Exists,
        Code::OffsetOutOfRange | Code::AutoOffsetReset => ErrorKind::OffsetOutOfRange,
        // The client has given up and another one takes its place: `Fatal` is what it says to every request then.
        Code::Fatal
        | Code::Fenced
        | Code::ProducerFenced
        | Code::InvalidProducerEpoch
        | Code::InvalidProducerIdMapping
        | Code::UnknownProducerId
        | Code::IllegalGeneration
        | Code::UnknownMemberId
        | Code::RebalanceInProgress
        | Code::FencedInstanceId
        | Code::FencedMemberEpoch
        | Code::StaleMemberEpoch
        | Code::UnreleasedInstanceId
        | Code::AssignmentLost
        | Code::NonEmptyGroup
        | Code::GroupSubscribedToTopic => ErrorKind::Fenced,
        Code::MessageSizeTooLarge | Code::InvalidMessageSize => ErrorKind::TooLarge,
        Code::InvalidRecord | Code::InvalidTimestamp => ErrorKind::InvalidRecord,
        Code::InvalidTopic
        | Code::InvalidPartitions
        | Code::InvalidReplicationFactor
        | Code::InvalidReplicaAssignment
        | Code::InvalidConfig
        | Code::PolicyViolation
        | Code::InvalidArgument
        | Code::InvalidSessionTimeout
        | Code::InvalidTransactionTimeout
        | Code::InconsistentGroupProtocol
        | Code::UnsupportedAssignor
        | Code::UnsupportedVersion
        | Code::NotImplemented
        | Code::Authentication
        | Code::SSL
        | Code::SaslAuthenticationFailed
        | Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed => ErrorKind::Config,
        Code::State | Code::InvalidTransactionalState => ErrorKind::Misuse,
        Code::BadCompression | Code::BadMessage | Code::InvalidMessage => ErrorKind::Corrupt,
        Code::QueueFull => ErrorKind::Full,
        Code::BrokerDestroy | Code::PurgeQueue | Code::PurgeInflight => ErrorKind::Closed,
        Code::OperationTimedOut
        | Code::RequestTimedOut
        | Code::MessageTimedOut
        | Code::TimedOutQueue
        | Code::BrokerTransportFailure
        | Code::AllBrokersDown
        | Code::Resolve
        | Code::WaitingForCoordinator
        | Code::CoordinatorLoadInProgress
        | Code::CoordinatorNotAvailable
        | Code::NotCoordinator
        | Code::NotEnoughReplicas
        | Code::NotEnoughReplicasAfterAppend
        | Code::LeaderNotAvailable
        | Code::NotLeaderForPartition
        | Code::BrokerNotAvailable
        | Code::UnstableOffsetCommit
        | Code::ConcurrentTransactions
        | Code::OutOfOrderSequenceNumber
        | Code::NotController
        | Code::NoEnt
        | Code::ReplicaNotAvailable
        | Code::ListenerNotFound
        | Code::KafkaStorageError
        | Code::FencedLeaderEpoch
        | Code::UnknownLeaderEpoch
        | Code::OffsetNotAvailable
        | Code::TransactionCoordinatorFenced
        | Code::NetworkException => ErrorKind::Timeout,
        _ => ErrorKind::Io,
    }
}

/// An error of this code, with what was being done.
#[cold]
pub(crate) fn failed(what: impl Display, code: Code) -> Error {
    Error::new(kind(code), format!("{what}: {code}{}", remedy(code)))
}

/// What to do about a code that does not pass by itself.
fn remedy(code: Code) -> &'static str {
    match code {
        Code::TopicAuthorizationFailed => {
            "; give the client's user the rights to read, write and describe the topic"
        }
        Code::GroupAuthorizationFailed => "; give the client's user the right to read the group",
        Code::TransactionalIdAuthorizationFailed => {
            "; give the client's user the right to write with transactional ids"
        }
        Code::ClusterAuthorizationFailed => {
            "; give the client's user the rights on the cluster that this needs"
        }
        Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition => {
            "; it was deleted or never created: create it and start again"
        }
        _ => "",
    }
}

/// The code in an error of the client.
pub(crate) fn code_of(error: &KafkaError) -> Option<Code> {
    match error {
        KafkaError::AdminOp(code) => Some(*code),
        other => other.rdkafka_error_code(),
    }
}

/// An error of the client, with what was being done.
#[cold]
pub(crate) fn client_failed(what: impl Display, error: &KafkaError) -> Error {
    let kind = match error {
        KafkaError::ClientConfig(..) | KafkaError::ClientCreation(_) | KafkaError::AdminOpCreation(_) => {
            ErrorKind::Config
        }
        other => code_of(other).map_or(ErrorKind::Io, kind),
    };
    Error::new(kind, format!("{what}: {error}{}", code_of(error).map_or("", remedy)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_that_has_given_up_says_is_got_over_by_another_one() {
        assert_eq!(kind(Code::Fatal), ErrorKind::Fenced);
        assert_eq!(kind(Code::ClusterAuthorizationFailed), ErrorKind::Config);
    }
}
