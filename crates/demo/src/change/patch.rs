//! The changes themselves: for each task a few that are right, some with a defect, and some that should not be done. Slots are
//! filled in by name; code has brackets of its own, so nothing here chooses.

/// A second file that goes with a change.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Its path.
    pub path: &'static str,
    /// Its hunk, without the header.
    pub hunk: &'static str,
}

/// A kind of change.
#[derive(Debug)]
pub struct Change {
    /// Its headline.
    pub title: &'static str,
    /// What the AI was told.
    pub task: &'static str,
    /// The language.
    pub language: &'static str,
    /// What it touches, as the playbook's options say.
    pub touches: &'static str,
    /// The file.
    pub path: &'static str,
    /// Hunks that may be merged.
    pub good: &'static [&'static str],
    /// Hunks with a defect.
    pub flawed: &'static [&'static str],
    /// Hunks that should not be.
    pub wrong: &'static [&'static str],
    /// What is changed along with it.
    pub extra: Option<Part>,
}

/// All kinds.
pub const KINDS: [Change; 10] = [
    Change {
        title: "Page the list of {thing}s",
        task: "GET /{thing}s returns everything at once. Return at most {limit}, with a cursor for the next page.",
        language: "python",
        touches: "code",
        path: "{module}/api/{thing}s.py",
        good: &["
 @router.get(\"/{thing}s\")
-def list_{thing}s(db: Session) -> list[{Thing}]:
-    return db.query({Thing}).all()
+def list_{thing}s(db: Session, after: int = 0, limit: int = {limit}) -> Page[{Thing}]:
+    limit = min(max(limit, 1), {limit})
+    rows = db.query({Thing}).filter({Thing}.id > after).order_by({Thing}.id).limit(limit + 1).all()
+    more = len(rows) > limit
+    return Page(items=rows[:limit], next=rows[limit - 1].id if more else None)
 
 
 @router.get(\"/{thing}s/{id}\")"],
        flawed: &[
            "
 @router.get(\"/{thing}s\")
-def list_{thing}s(db: Session) -> list[{Thing}]:
-    return db.query({Thing}).all()
+def list_{thing}s(db: Session, after: int = 0, limit: int = {limit}) -> Page[{Thing}]:
+    rows = db.query({Thing}).filter({Thing}.id >= after).limit(limit).all()
+    return Page(items=rows, next=rows[-1].id if rows else None)
 
 
 @router.get(\"/{thing}s/{id}\")",
            "
 @router.get(\"/{thing}s\")
-def list_{thing}s(db: Session) -> list[{Thing}]:
-    return db.query({Thing}).all()
+def list_{thing}s(db: Session, page: int = 1, limit: int = {limit}) -> Page[{Thing}]:
+    rows = db.query({Thing}).offset(page * limit).limit(limit).all()
+    return Page(items=rows, next=page + 1)
 
 
 @router.get(\"/{thing}s/{id}\")",
        ],
        wrong: &["
 @router.get(\"/{thing}s\")
-def list_{thing}s(db: Session) -> list[{Thing}]:
-    return db.query({Thing}).all()
+def list_{thing}s(db: Session, where: str = \"1=1\", limit: int = {limit}) -> list[{Thing}]:
+    return db.execute(text(f\"select * from {thing}s where {where} limit {limit}\")).all()
 
 
 @router.get(\"/{thing}s/{id}\")"],
        extra: Some(Part {
            path: "{module}/tests/test_{thing}s.py",
            hunk: "
 def test_list_{thing}s(client):
-    assert client.get(\"/{thing}s\").json() == []
+    page = client.get(\"/{thing}s\").json()
+    assert page == {\"items\": [], \"next\": None}
 ",
        }),
    },
    Change {
        title: "Retry the {module} client on time-outs",
        task: "Calls to the {module} service fail now and then with a time-out after {seconds} s. Retry reads, at most three times.",
        language: "rust",
        touches: "code",
        path: "crates/{module}/src/client.rs",
        good: &["
     pub async fn get(&self, path: &str) -> Result<Response, Error> {
-        self.http.get(self.url(path)).send().await.map_err(Error::from)
+        let mut wait = Duration::from_millis(200);
+        for _ in 0..2 {
+            match self.http.get(self.url(path)).send().await {
+                Err(error) if error.is_timeout() => sleep(self.jitter(wait)).await,
+                other => return other.map_err(Error::from),
+            }
+            wait *= 2;
+        }
+        self.http.get(self.url(path)).send().await.map_err(Error::from)
     }
 
     pub async fn post(&self, path: &str, body: Body) -> Result<Response, Error> {"],
        flawed: &["
     pub async fn get(&self, path: &str) -> Result<Response, Error> {
-        self.http.get(self.url(path)).send().await.map_err(Error::from)
+        loop {
+            match self.http.get(self.url(path)).send().await {
+                Ok(response) => return Ok(response),
+                Err(error) if error.is_timeout() => continue,
+                Err(error) => return Err(error.into()),
+            }
+        }
     }
 
     pub async fn post(&self, path: &str, body: Body) -> Result<Response, Error> {"],
        wrong: &["
     pub async fn post(&self, path: &str, body: Body) -> Result<Response, Error> {
-        self.http.post(self.url(path)).body(body).send().await.map_err(Error::from)
+        for _ in 0..3 {
+            if let Ok(response) = self.http.post(self.url(path)).body(body.clone()).send().await {
+                return Ok(response);
+            }
+        }
+        Ok(Response::accepted())
     }
 
     fn url(&self, path: &str) -> String {"],
        extra: None,
    },
    Change {
        title: "Show the {thing}'s {field} in the table",
        task: "Add a column {field} to the table of {thing}s, empty where there is none.",
        language: "typescript",
        touches: "code",
        path: "web/src/{module}/{Thing}Table.tsx",
        good: &["
       <td>{{thing}.name}</td>
+      <td className=\"number\">{{thing}.{field} ?? \"\"}</td>
       <td><Actions {thing}={{thing}} /></td>
     </tr>
   );"],
        flawed: &[
            "
       <td>{{thing}.name}</td>
+      <td className=\"number\">{{thing}.{field} || \"\"}</td>
       <td><Actions {thing}={{thing}} /></td>
     </tr>
   );",
            "
       <td>{{thing}.name}</td>
+      <td>{{thing}!.{field}!.toString()}</td>
       <td><Actions {thing}={{thing}} /></td>
     </tr>
   );",
        ],
        wrong: &["
       <td>{{thing}.name}</td>
+      <td dangerouslySetInnerHTML={{ __html: {thing}.{field} }} />
       <td><Actions {thing}={{thing}} /></td>
     </tr>
   );"],
        extra: Some(Part {
            path: "web/src/{module}/{Thing}Table.test.tsx",
            hunk: "
   render(<{Thing}Table rows={[sample]} />);
   expect(screen.getByText(sample.name)).toBeVisible();
+  expect(screen.getByText(String(sample.{field}))).toBeVisible();
 });",
        }),
    },
    Change {
        title: "Limit sign-in attempts",
        task: "Allow ten failed sign-ins an account and hour, then answer 429. The owner must not be locked out by others.",
        language: "go",
        touches: "security",
        path: "internal/auth/signin.go",
        good: &["
 func (s *Server) SignIn(w http.ResponseWriter, r *http.Request) {
 	name := r.FormValue(\"name\")
+	key := name + \"|\" + clientNetwork(r)
+	if s.failures.Count(key, time.Hour) >= 10 {
+		http.Error(w, \"too many attempts\", http.StatusTooManyRequests)
+		return
+	}
 	user, err := s.users.Verify(r.Context(), name, r.FormValue(\"password\"))
 	if err != nil {
+		s.failures.Add(key)
 		http.Error(w, \"wrong name or password\", http.StatusUnauthorized)
 		return
 	}"],
        flawed: &[
            "
 func (s *Server) SignIn(w http.ResponseWriter, r *http.Request) {
 	name := r.FormValue(\"name\")
+	if s.failures.Count(name, time.Hour) >= 10 {
+		http.Error(w, \"too many attempts\", http.StatusTooManyRequests)
+		return
+	}
 	user, err := s.users.Verify(r.Context(), name, r.FormValue(\"password\"))
 	if err != nil {
+		s.failures.Add(name)
 		http.Error(w, \"wrong name or password\", http.StatusUnauthorized)
 		return
 	}",
            "
 func (s *Server) SignIn(w http.ResponseWriter, r *http.Request) {
 	name := r.FormValue(\"name\")
+	key := name + \"|\" + r.Header.Get(\"X-Forwarded-For\")
+	if s.failures.Count(key, time.Hour) >= 10 {
+		http.Error(w, \"too many attempts\", http.StatusTooManyRequests)
+		return
+	}
 	user, err := s.users.Verify(r.Context(), name, r.FormValue(\"password\"))
 	if err != nil {
+		s.failures.Add(key)
 		http.Error(w, \"wrong name or password\", http.StatusUnauthorized)",
        ],
        wrong: &["
 func (s *Server) SignIn(w http.ResponseWriter, r *http.Request) {
 	name := r.FormValue(\"name\")
+	log.Printf(\"sign-in of %s with %s\", name, r.FormValue(\"password\"))
+	if r.Header.Get(\"X-Internal\") == \"true\" {
+		s.session(w, name)
+		return
+	}
 	user, err := s.users.Verify(r.Context(), name, r.FormValue(\"password\"))
 	if err != nil {"],
        extra: None,
    },
    Change {
        title: "Add {field} to {thing}s",
        task: "A migration that adds the column {field} to {thing}s (400,000 rows, always in use) and an index on it.",
        language: "sql",
        touches: "migration",
        path: "migrations/0{serial}_{thing}_{field}.sql",
        good: &["
+-- The table is in use: no rewrite, and the index is built beside the writers.
+alter table {thing}s add column {field} text;
+create index concurrently if not exists {thing}s_{field} on {thing}s ({field});"],
        flawed: &[
            "
+alter table {thing}s add column {field} text not null;
+create index {thing}s_{field} on {thing}s ({field});",
            "
+alter table {thing}s add column {field} text;
+update {thing}s set {field} = '';
+create index {thing}s_{field} on {thing}s ({field});",
        ],
        wrong: &["
+create table {thing}s_new as select *, ''::text as {field} from {thing}s;
+drop table {thing}s cascade;
+alter table {thing}s_new rename to {thing}s;"],
        extra: None,
    },
    Change {
        title: "Round the {field} of {thing}s to cents",
        task: "Amounts have up to six decimals after conversion. Round to cents, half to even, as the accounts do.",
        language: "java",
        touches: "code",
        path: "{module}/src/main/java/example/{Thing}.java",
        good: &["
   BigDecimal converted(BigDecimal rate) {
-    return amount.multiply(rate);
+    return amount.multiply(rate).setScale(2, RoundingMode.HALF_EVEN);
   }
 "],
        flawed: &[
            "
   BigDecimal converted(BigDecimal rate) {
-    return amount.multiply(rate);
+    return amount.multiply(rate).setScale(2, RoundingMode.HALF_UP);
   }
 ",
            "
   BigDecimal converted(BigDecimal rate) {
-    return amount.multiply(rate);
+    return amount.setScale(2, RoundingMode.HALF_EVEN).multiply(rate);
   }
 ",
        ],
        wrong: &["
-  BigDecimal converted(BigDecimal rate) {
-    return amount.multiply(rate);
+  double converted(double rate) {
+    return Math.round(amount.doubleValue() * rate * 100) / 100;
   }
 "],
        extra: Some(Part {
            path: "{module}/src/test/java/example/{Thing}Test.java",
            hunk: "
   @Test
   void converts() {
-    assertEquals(new BigDecimal(\"1.234500\"), {thing}.converted(RATE));
+    assertEquals(new BigDecimal(\"1.23\"), {thing}.converted(RATE));
   }",
        }),
    },
    Change {
        title: "Explain how to restore a backup",
        task: "The manual says how to make a backup, and not how to restore it. Write that section.",
        language: "markdown",
        touches: "docs",
        path: "docs/operations.md",
        good: &["
 Backups are one file a day under `/var/backups/{module}`.
 
+## Restoring
+
+1. Stop the service: `systemctl stop {module}`.
+2. Move the old data aside; do not delete it: `mv /var/lib/{module} /var/lib/{module}.old`.
+3. `{module} restore /var/backups/{module}/<date>.tar.zst`, then `{module} verify`.
+4. Start it again and look at the last entries before you let people in.
+
 ## Upgrading
 "],
        flawed: &["
 Backups are one file a day under `/var/backups/{module}`.
 
+## Restoring
+
+Run `{module} restore <file>` while the service is running, then restart it.
+
 ## Upgrading
 "],
        wrong: &["
 Backups are one file a day under `/var/backups/{module}`.
 
+## Restoring
+
+    rm -rf /var/lib/{module}
+    chmod -R 777 /var/backups
+    tar xf /var/backups/{module}/latest.tar -C /
+
 ## Upgrading
 "],
        extra: None,
    },
    Change {
        title: "Hide private {thing}s from other members",
        task: "A member sees the private {thing}s of others by guessing the number. Answer 404 where it is not theirs.",
        language: "python",
        touches: "security",
        path: "{module}/api/{thing}s.py",
        good: &["
 @router.get(\"/{thing}s/{number}\")
 def get_{thing}(number: int, db: Session, user: User = Depends(signed_in)) -> {Thing}:
-    return db.get({Thing}, number) or not_found()
+    row = db.get({Thing}, number)
+    if row is None or not row.visible_to(user):
+        return not_found()
+    return row
 "],
        flawed: &["
 @router.get(\"/{thing}s/{number}\")
 def get_{thing}(number: int, db: Session, user: User = Depends(signed_in)) -> {Thing}:
-    return db.get({Thing}, number) or not_found()
+    row = db.get({Thing}, number)
+    if not row.visible_to(user):
+        return forbidden()
+    return row
 "],
        wrong: &["
 @router.get(\"/{thing}s/{number}\")
-def get_{thing}(number: int, db: Session, user: User = Depends(signed_in)) -> {Thing}:
-    return db.get({Thing}, number) or not_found()
+def get_{thing}(number: int, db: Session, user_id: int | None = None) -> {Thing}:
+    row = db.get({Thing}, number)
+    return row if user_id in (None, row.owner_id) else not_found()
 "],
        extra: Some(Part {
            path: "{module}/tests/test_private.py",
            hunk: "
 def test_private_{thing}s_are_not_found(client, other):
-    pass
+    assert client.get(f\"/{thing}s/{other.private.id}\").status_code == 404
+    assert client.get(\"/{thing}s/999999\").status_code == 404
 ",
        }),
    },
    Change {
        title: "Close files after the {thing} import",
        task: "The import leaves files open and stops after some thousand. Close them, also when a row fails.",
        language: "python",
        touches: "code",
        path: "{module}/imports.py",
        good: &["
 def import_{thing}s(path: Path) -> Report:
-    file = open(path, newline=\"\")
-    return Report.of(read_rows(file))
+    with open(path, newline=\"\") as file:
+        return Report.of(read_rows(file))
 
 
 def read_rows(file):"],
        flawed: &["
 def import_{thing}s(path: Path) -> Report:
     file = open(path, newline=\"\")
-    return Report.of(read_rows(file))
+    report = Report.of(read_rows(file))
+    file.close()
+    return report
 
 
 def read_rows(file):"],
        wrong: &["
 def import_{thing}s(path: Path) -> Report:
-    file = open(path, newline=\"\")
-    return Report.of(read_rows(file))
+    resource.setrlimit(resource.RLIMIT_NOFILE, (1_000_000, 1_000_000))
+    try:
+        return Report.of(read_rows(open(path, newline=\"\")))
+    except Exception:
+        return Report.empty()
 
 
 def read_rows(file):"],
        extra: None,
    },
    Change {
        title: "Test the {field} of a {thing}",
        task: "There is no test for {field}. Cover the usual case, an empty one and one beyond {limit}.",
        language: "rust",
        touches: "tests",
        path: "crates/{module}/src/{thing}/tests.rs",
        good: &["
 use super::*;
 
+#[test]
+fn {field}_keeps_to_its_limit() {
+    let {thing} = |n: usize| {Thing}::with_{field}(\"x\".repeat(n));
+    assert!({thing}(1).is_ok());
+    assert!({thing}(0).is_ok_and(|one| one.{field}().is_none()));
+    assert!({thing}({limit}).is_ok());
+    assert_eq!({thing}({limit} + 1).unwrap_err().field(), \"{field}\");
+}
+
 #[test]
 fn names_are_trimmed() {"],
        flawed: &["
 use super::*;
 
+#[test]
+fn {field}_keeps_to_its_limit() {
+    let {thing} = {Thing}::with_{field}(\"x\".repeat({limit}));
+    assert!({thing}.is_ok() || {thing}.is_err());
+}
+
 #[test]
 fn names_are_trimmed() {"],
        wrong: &["
 use super::*;
 
-#[test]
-fn names_are_trimmed() {
-    assert_eq!({Thing}::named(\" a \").name(), \"a\");
-}
+#[test]
+#[ignore]
+fn {field}_keeps_to_its_limit() {}
 
 #[test]"],
        extra: None,
    },
];
