//! The reloader on a source that is not a directory: texts in memory.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use readdress::daemon::reload::ReloadOutcome;
use readdress::daemon::source::{CopyError, FullText, RuleSource, SourceState, TakeText};
use readdress::daemon::watch::{Mode, Signature, Watched, WatchedPath};
use readdress::engine::diagnostic::codes;
use readdress::engine::{Diagnostic, Severity, SourceKind, SourceText, store::ContentHash};

use crate::bench::{Bench, NOTIFIED, RESCANNED};

/// Texts by name; no text while the source is away.
#[derive(Debug)]
struct Texts(Mutex<Option<BTreeMap<String, Vec<u8>>>>);

impl Texts {
    fn holding(name: &str, text: &str) -> Arc<Self> {
        let texts = [(name.to_owned(), text.as_bytes().to_vec())];
        Arc::new(Self(Mutex::new(Some(texts.into()))))
    }

    fn all(&self) -> Option<BTreeMap<String, Vec<u8>>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn put(&self, name: &str, text: &str) {
        let mut texts = self.all().unwrap_or_default();
        texts.insert(name.to_owned(), text.as_bytes().to_vec());
        *self.0.lock().unwrap() = Some(texts);
    }

    fn bytes(&self, name: &str, hash: ContentHash) -> Option<Vec<u8>> {
        let bytes = self.all()?.remove(name)?;
        (ContentHash::of(&bytes) == hash).then_some(bytes)
    }
}

fn text(name: &str, bytes: Vec<u8>) -> SourceText {
    SourceText {
        name: name.to_owned(),
        // No name here has an extension.
        kind: SourceKind::Native,
        bytes,
    }
}

impl Watched for Texts {
    fn signature(&self) -> Signature {
        Signature::of(&self.all())
    }

    fn paths(&self) -> &[WatchedPath] {
        &[]
    }
}

impl RuleSource for Texts {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn read(&self, take: TakeText<'_>) -> SourceState {
        let mut state = SourceState::default();
        let Some(texts) = self.all() else {
            let message = "does not answer".to_owned();
            let finding = Diagnostic::about_file(
                Severity::Error,
                codes::INTERNAL_ERROR,
                "memory",
                message,
                None,
            );
            state.diagnostics.push(finding);
            return state;
        };
        for (name, bytes) in texts {
            let full = FullText::of(&bytes);
            take(text(&name, bytes), full);
        }
        state
    }

    fn read_again(&self, name: &str, hash: ContentHash) -> Option<SourceText> {
        Some(text(name, self.bytes(name, hash)?))
    }

    fn copy(&self, name: &str, hash: ContentHash, to: &mut dyn Write) -> Result<(), CopyError> {
        let bytes = self.bytes(name, hash).ok_or(CopyError::Changed)?;
        to.write_all(&bytes).map_err(CopyError::Unwritable)
    }
}

#[tokio::test]
async fn texts_in_memory_are_followed_like_a_directory() {
    let texts = Texts::holding("people", "one");
    let place = (tempfile::tempdir().unwrap(), PathBuf::new());
    let bench = Bench::on(RESCANNED, texts.clone(), place).await;
    bench.becomes("one").await;
    assert_eq!(bench.handle.status().mode, Some(Mode::RescanOnly));
    texts.put("people", "two");
    bench.becomes("two").await;
    texts.put("lists", "more");
    bench.becomes("more|two").await;
    assert_eq!(bench.generation(), 3);
    // The source is away: the live table stays. When the source is back, no reload is needed.
    let kept = texts.0.lock().unwrap().take();
    bench.status(|status| status.refused == 1).await;
    *texts.0.lock().unwrap() = kept;
    let back = |outcome: &Option<ReloadOutcome>| {
        matches!(outcome, Some(ReloadOutcome::Unchanged { generation: 3 }))
    };
    bench.status(|status| back(&status.outcome)).await;
    assert_eq!(bench.compiled(), 4);
}

#[tokio::test]
async fn without_a_check_a_request_finds_the_change() {
    let texts = Texts::holding("people", "one");
    let place = (tempfile::tempdir().unwrap(), PathBuf::new());
    let bench = Bench::on(NOTIFIED, texts.clone(), place).await;
    texts.put("people", "two");
    let outcome = bench.handle.reload().await;
    assert!(
        matches!(outcome, Some(ReloadOutcome::Live { .. })),
        "{outcome:?}"
    );
    assert_eq!(bench.last(), "two");
}

/// Copies each text of the live table that the copy does not have, as a history of generations does.
#[tokio::test]
async fn the_full_texts_of_what_is_live_can_be_had() {
    let texts = Texts::holding("people", "one");
    let place = (tempfile::tempdir().unwrap(), PathBuf::new());
    let bench = Bench::on(RESCANNED, texts.clone(), place).await;
    let mut kept: BTreeMap<u128, Vec<u8>> = BTreeMap::new();
    for (number, wanted) in [(1, vec!["one"]), (2, vec!["more", "one"])] {
        let live = bench.handle.status().texts;
        for entry in live.entries() {
            if kept.contains_key(&entry.hash.0) {
                continue;
            }
            let mut copy = Vec::new();
            texts.copy(&entry.name, entry.hash, &mut copy).unwrap();
            kept.insert(entry.hash.0, copy);
        }
        let full = live
            .entries()
            .iter()
            .map(|entry| kept[&entry.hash.0].clone());
        let full: Vec<_> = full
            .map(|bytes| String::from_utf8(bytes).unwrap())
            .collect();
        assert_eq!(
            (full, bench.generation()),
            (wanted.into_iter().map(str::to_owned).collect(), number)
        );
        texts.put("lists", "more");
        bench.becomes("more|one").await;
        bench.status(|status| status.live == 2).await;
    }
    assert_eq!(kept.len(), 2);
    let before = bench.handle.status().texts;
    texts.put("people", "broken");
    bench.status(|status| status.refused == 1).await;
    assert_eq!(
        bench.handle.status().texts,
        before,
        "a refused table is not live"
    );
}
