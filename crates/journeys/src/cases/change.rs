//! A patch over three files, with a defect that a reader can find.

/// Deliveries that are tried again. The pause has no limit.
pub const PATCH: &str = r#"diff --git a/src/delivery.rs b/src/delivery.rs
--- a/src/delivery.rs
+++ b/src/delivery.rs
@@ -12,10 +12,18 @@ use crate::{queue::Queue, webhook::Webhook};
 
 /// Sends what waits, oldest first.
 pub async fn deliver(queue: &Queue, webhook: &Webhook) -> Result<(), Error> {
     for item in queue.due().await? {
-        if webhook.send(&item).await.is_err() {
-            queue.put_back(item).await?;
+        match webhook.send(&item).await {
+            Ok(()) => queue.done(item).await?,
+            Err(error) if item.attempts >= ATTEMPTS_MAX => {
+                tracing::warn!(%error, "a delivery is given up");
+                queue.give_up(item).await?;
+            }
+            Err(_) => {
+                let pause = PAUSE * 2_u32.pow(item.attempts);
+                queue.put_back(item, pause).await?;
+            }
         }
     }
     Ok(())
 }
diff --git a/src/queue.rs b/src/queue.rs
--- a/src/queue.rs
+++ b/src/queue.rs
@@ -40,7 +40,8 @@ impl Queue {
     /// Puts an item back, to be tried again.
-    pub async fn put_back(&self, item: Item) -> Result<(), Error> {
-        self.store(Item { attempts: item.attempts, ..item }).await
+    pub async fn put_back(&self, item: Item, pause: Duration) -> Result<(), Error> {
+        let due = self.clock.now() + pause;
+        self.store(Item { attempts: item.attempts + 1, due, ..item }).await
     }
 
     /// What is due by now.
     pub async fn due(&self) -> Result<Vec<Item>, Error> {
diff --git a/src/limits.rs b/src/limits.rs
new file mode 100644
--- /dev/null
+++ b/src/limits.rs
@@ -0,0 +1,6 @@
+//! Limits of deliveries.
+
+/// How often a delivery is tried.
+pub const ATTEMPTS_MAX: u32 = 8;
+/// How long the first pause is.
+pub const PAUSE: Duration = Duration::from_secs(2);
"#;
