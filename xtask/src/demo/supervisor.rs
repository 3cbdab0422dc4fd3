//! The scripted supervisor: signs in to the real console as a person would, and acts on what the phones send.

use tokio::sync::Mutex;
use xunge_tests::Outcome;
use xunge_tests::console::Console;
use xunge_tests::relay::Login;

/// A browser that several stories share, one act at a time.
#[derive(Debug)]
pub(crate) struct Supervisor(Mutex<Console>);

impl Supervisor {
    /// Signs in.
    pub(crate) async fn sign_in(base: &str, login: &Login) -> Outcome<Self> {
        let (console, _) = Console::sign_in(base, login).await?;
        Ok(Self(Mutex::new(console)))
    }

    /// Sends a report back to its author with a note.
    pub(crate) async fn return_report(&self, record: &str) -> Outcome {
        let fields = [("note", "缺地点，请说一句在哪里"), ("reason", "地点不清")];
        self.0
            .lock()
            .await
            .act("return", Some(record), &fields)
            .await?;
        Ok(())
    }

    /// Finds a report in order.
    pub(crate) async fn approve(&self, record: &str) -> Outcome {
        self.0
            .lock()
            .await
            .act("approve", Some(record), &[])
            .await?;
        Ok(())
    }

    /// Closes a case.
    pub(crate) async fn resolve(&self, record: &str) -> Outcome {
        let fields = [("reason", "双方已经说好")];
        self.0
            .lock()
            .await
            .act("resolve", Some(record), &fields)
            .await?;
        Ok(())
    }

    /// Chooses the first of two values of a field.
    pub(crate) async fn settle(&self, record: &str) -> Outcome {
        self.0.lock().await.act("settle", Some(record), &[]).await?;
        Ok(())
    }

    /// Sends a fraud warning to households.
    pub(crate) async fn warn(&self, households: &[String]) -> Outcome {
        let list = households.join("\n");
        let fields = [
            (
                "text",
                "近来有人冒充社保局来电，要你转账认证。不要转账，先问村里。",
            ),
            ("households", &list),
        ];
        self.0.lock().await.act("issue", None, &fields).await?;
        Ok(())
    }
}
