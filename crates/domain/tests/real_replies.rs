//! The rule for replies, applied to replies of real mail servers. They are fixtures outside the project.

use std::path::PathBuf;

use releasepage_domain::reply::{Envelope, ReplyMeaning, ReplyPhase, reply_meaning};

/// One reply: the phase that it answers, its meaning, its code and its text.
struct RealReply {
    phase: ReplyPhase,
    means: String,
    code: u16,
    text: String,
}

/// Reads `cases/smtp/replies.tsv` in the directory that `RELEASEPAGE_FIXTURES` names, or else in the usual one.
#[expect(clippy::print_stdout, reason = "a skipped test must be visible")]
fn real_replies() -> Vec<RealReply> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let directory = std::env::var_os("RELEASEPAGE_FIXTURES").map_or_else(beside, PathBuf::from);
    let Ok(text) = std::fs::read_to_string(directory.join("cases/smtp/replies.tsv")) else {
        println!("skipped: the replies of real mail servers are not there");
        return Vec::new();
    };
    text.lines().skip(1).map(real_reply).collect()
}

fn real_reply(line: &str) -> RealReply {
    let fields: Vec<&str> = line.split('\t').collect();
    let [phase, means, reply] = fields[..] else { panic!("{line}: not three fields") };
    let phase = match phase {
        "mail" => ReplyPhase::Sender,
        "rcpt" => ReplyPhase::Recipient,
        "data" | "end" => ReplyPhase::Message,
        other => panic!("{other}: no phase"),
    };
    let reply: String = serde_json::from_str(reply).expect("a JSON string");
    let code = reply[..3].parse().expect("three digits");
    let lines: Vec<&str> = reply.lines().map(|line| line.get(4..).unwrap_or_default()).collect();
    RealReply { phase, means: means.to_owned(), code, text: lines.join(" ") }
}

/// The sender whom the replies name.
const ENVELOPE: Envelope<'_> = Envelope { sender: Some("releases@example.com"), recipient: None };

#[test]
fn real_replies_mean_what_they_say() {
    for reply in real_replies() {
        let meant = match reply.code {
            200..400 => "accepted",
            // An unclear refusal ends only this message.
            code => match reply_meaning(reply.phase, code, &reply.text, &ENVELOPE) {
                ReplyMeaning::Unclear => "message",
                meaning => meaning.as_str(),
            },
        };
        assert_eq!(meant, reply.means, "{} {}", reply.code, reply.text);
    }
}
