//! What customers write: templates by queue. Two-topic tickets name both; their queue is what keeps the customer from working.

/// A subject and what is written under it.
#[derive(Debug, Clone, Copy)]
pub struct Letter {
    /// The language, as a short code.
    pub language: &'static str,
    /// The subject line.
    pub subject: &'static str,
    /// The text.
    pub body: &'static str,
    /// The words that give the topic away, where the text has them.
    pub sign: &'static str,
}

const fn en(subject: &'static str, body: &'static str, sign: &'static str) -> Letter {
    Letter { language: "en", subject, body, sign }
}

const fn other(language: &'static str, subject: &'static str, body: &'static str, sign: &'static str) -> Letter {
    Letter { language, subject, body, sign }
}

/// Greetings and what comes before the matter.
pub const OPENERS: [&str; 9] = [
    "",
    "",
    "[Hi|Hello][ there|],\n\n",
    "[Hi|Hello] team,\n\n",
    "Good [morning|afternoon],\n\n",
    "[Hey|Hi], [me again|quick question|sorry to bother you].\n\n",
    "To whom it may concern,\n\n",
    "Hello, we have been customers [since {year}|for years] and [mostly happy|this is the first time that I write].\n\n",
    "[URGENT!!|This is urgent.] ",
];

/// What comes after it.
pub const CLOSERS: [&str; 9] = [
    "",
    "",
    "\n\nThanks[,| in advance,|!]\n{name}",
    "\n\nBest[ regards|],\n{name}",
    "\n\nPlease [answer|get back to me] [today|before Friday|as soon as you can].\n{name}",
    "\n\n[Regards|Kind regards],\n{name}\n{company}",
    "\n\nSent from my phone",
    "\n\n[We have|There is] a [board meeting|month-end closing|launch] on [Monday|Thursday], so [time matters|every hour counts].",
    "\n\n{name}, {company}",
];

/// Billing.
pub const BILLING: &[Letter] = &[
    en(
        "[Charged|Billed] twice [in|for] {month}",
        "[My card|Our company card] shows two payments of {amount} euros [for {month}|on the {day}th]. [Please send one of them back.|One of them must be a mistake.|I only have one workspace.]",
        "two payments",
    ),
    en(
        "Invoice {invoice} has [the wrong|an old] address",
        "We moved [to a new office|last month]. Could you issue invoice {invoice} again with [our new address|the address in the settings]? [Our accountant will not book it otherwise.|]",
        "invoice {invoice}",
    ),
    en(
        "Cancel before the trial ends",
        "I tried {product} and it is not for us. Please make sure that nothing is charged [in {month}|when the trial ends on the {day}th].",
        "nothing is charged",
    ),
    en(
        "VAT [number |]missing on [the invoice|{invoice}]",
        "[Our accountant says|The tax office says] that invoice {invoice} lacks [the VAT number|our VAT id], so we cannot book it. [Can you send a corrected one?|Where can I enter it?]",
        "invoice {invoice}",
    ),
    en(
        "[Upgrade price is unclear|What does the team plan cost?]",
        "The page says [one price|{amount} euros] and the invoice says [another|{amount2}]. Which one is right, and [from when|for how many seats]?",
        "the invoice says",
    ),
    en(
        "Refund for unused seats",
        "We [paid|were billed] for {seats} seats [all year|since {month}] but [only half of them were ever used|{seats2} people left]. Is a [partial |]refund possible[ or a credit on the next invoice|]?",
        "refund",
    ),
    en(
        "Payment by bank transfer[?|]",
        "Our [purchasing department|finance team] does not do cards. Can we pay {amount} euros [a year|for the annual plan] by bank transfer, and [who do we send the purchase order to|what is the reference]?",
        "bank transfer",
    ),
    en(
        "Reminder although we paid",
        "You sent [a reminder|a second reminder] for invoice {invoice}. [It was paid on the {day}th, the statement is attached.|We paid weeks ago.] Please check and stop the reminders.",
        "invoice {invoice}",
    ),
    en(
        "[Discount|Coupon] not applied",
        "I [entered|used] the code SPRING{day} [at checkout|when we renewed] but was charged the full {amount} euros. [Can it still be applied?|]",
        "charged the full",
    ),
    en(
        "Change to yearly billing",
        "We want to [switch|move] from monthly to yearly. [Is the rest of {month} credited?|Does the price stay at {amount}?]",
        "yearly",
    ),
    other(
        "de",
        "Doppelte Abbuchung im {month_de}",
        "[Guten Tag, |]im {month_de} wurden {amount} Euro zweimal abgebucht. [Bitte erstatten Sie einen Betrag.|Ich bitte um Rückerstattung.]",
        "zweimal abgebucht",
    ),
    other(
        "de",
        "Rechnung {invoice} [fehlt|nicht erhalten]",
        "Für [{month_de}|das letzte Quartal] haben wir keine Rechnung bekommen. Unsere Buchhaltung braucht {invoice} [bis Freitag|dringend].",
        "keine Rechnung",
    ),
    other(
        "fr",
        "Remboursement de la facture {invoice}",
        "[Bonjour, |]nous avons résilié [le mois dernier|en temps voulu], mais la facture {invoice} de {amount} euros est arrivée quand même. [Merci de la rembourser.|]",
        "la facture {invoice}",
    ),
    other(
        "es",
        "Cobro duplicado",
        "[Hola, |]en la tarjeta aparecen dos cargos de {amount} euros [este mes|el día {day}]. ¿Pueden devolver uno?",
        "dos cargos",
    ),
];

/// Bugs.
pub const BUG: &[Letter] = &[
    en(
        "{Product} shows yesterday's data",
        "Since [this morning|the update|about {hour} o'clock] {product} shows yesterday's numbers. [Reloading does not help.|We tried two browsers.|My colleague sees the same.]",
        "yesterday's numbers",
    ),
    en(
        "Error {code} when [saving|uploading]",
        "Every time I [save|upload a file] in {product} I get error {code} and lose what I typed. [{browser} on {system}.|It worked last week.]",
        "error {code}",
    ),
    en(
        "[Crash on start|App closes by itself]",
        "After the update {product} closes [by itself|right after the logo]. [Phone and tablet alike.|I reinstalled twice.|{system}, newest version.]",
        "closes",
    ),
    en(
        "Numbers do not add up",
        "The total in {product} is {amount2} less than the sum of the rows. [I attached the file.|It happens with filters only.] [Am I being billed by the total?|]",
        "do not add up",
    ),
    en(
        "Search [finds nothing with an accent|is broken]",
        "Searching for \"Zoë\" finds nothing, \"Zoe\" does. [Same for \"Müller\".|It used to work.]",
        "finds nothing",
    ),
    en(
        "Timeouts [every morning|in {product}]",
        "{Product} answers after {seats} seconds or not at all, mostly between [9 and 10|8 and 9]. [All {seats2} of us see it.|The status page is green.]",
        "not at all",
    ),
    en(
        "Export [stops|breaks off] after {code} rows",
        "The export [stops|breaks off] after {code} rows [without a message|with a half-written file]. We need the whole [quarter|table] [for the auditors|by Thursday].",
        "after {code} rows",
    ),
    en(
        "Calendar events [twice|one hour late]",
        "Since [the clocks changed|Tuesday] every meeting appears [twice|an hour late] in {product}. [Deleting one deletes both.|Only for people in {city}.]",
        "every meeting",
    ),
    en(
        "Notifications come [hours late|twice]",
        "[Mentions|Reminders] arrive [hours late|twice, on phone and desktop]. [I missed a customer call because of it.|Settings look right.]",
        "arrive",
    ),
    en(
        "Drag and drop does nothing in {browser}",
        "In {browser} I cannot move cards in {product}; in others I can. [The console says error {code}.|No add-ons.]",
        "cannot move",
    ),
    en(
        "API returns 50{digit} for valid requests",
        "POST to /{endpoint} returns 50{digit} for about [one in ten|a third] of our calls since {hour}:{minute}. [Request id {hex}.|Payload is unchanged since {month}.]",
        "returns 50{digit}",
    ),
    other(
        "de",
        "Export bricht ab",
        "Der Export bricht nach {code} Zeilen ab, [ohne Meldung|mit Fehler {code}]. [Gestern ging es noch.|Wir brauchen ihn für den Jahresabschluss.]",
        "bricht nach {code} Zeilen ab",
    ),
    other(
        "fr",
        "La synchronisation double tout",
        "Depuis mardi chaque rendez-vous apparaît deux fois [sur mon téléphone|dans l'agenda]. [Rien n'a changé chez nous.|]",
        "deux fois",
    ),
    other(
        "es",
        "La aplicación se cierra",
        "Al abrir {product} la aplicación se cierra sola [desde la última actualización|en {system}].",
        "se cierra sola",
    ),
];

/// Accounts.
pub const ACCOUNT: &[Letter] = &[
    en(
        "Cannot sign in",
        "The [reset mail|sign-in code] never arrives. [I looked in spam too.|My colleagues get theirs.] [I need to get in today.|]",
        "never arrives",
    ),
    en(
        "Change the owner[ of our workspace|]",
        "Our admin [left|is on parental leave]. How can [I|{name2}] become the owner of the workspace?",
        "become the owner",
    ),
    en(
        "Two accounts by mistake",
        "I signed up twice, once with [each address|my private mail]. Please merge them[ and keep the older one|].",
        "merge them",
    ),
    en(
        "Invite [does not work|expires at once]",
        "The invite link says that it has expired, [one minute after I sent it|for all {seats2} new colleagues]. [What are we doing wrong?|]",
        "invite link",
    ),
    en(
        "[Wrong name|Name change]",
        "My name is [misspelt everywhere|still the old one] and the field is grey. [I married in {month}.|Who can change it?]",
        "My name",
    ),
    en(
        "Which plan am I on?",
        "The settings say team, [the mail says free|my colleague sees free]. Which account [is right|did I sign in with]?",
        "Which account",
    ),
    en(
        "Lost [my|the] second factor",
        "My phone [is gone|fell into the sea] and with it the codes. [The recovery codes were in the same phone.|] How do I get in again?",
        "the codes",
    ),
    en(
        "Delete my account",
        "Please delete my account and [all my data|everything that you hold about me][, and confirm it|]. [I moved to another tool.|This is a request under the GDPR.]",
        "delete my account",
    ),
    en(
        "Single sign-on for {company}",
        "[We want|Our IT asks] to sign in through {idp}. [Where is the metadata?|The test says \"unknown issuer\".] [{seats} people wait for it.|]",
        "sign in through",
    ),
    en(
        "[New|Old] mail address",
        "I no longer have access to my old mail address, so I cannot confirm the new one. [What now?|I can send my ID.]",
        "mail address",
    ),
    other(
        "de",
        "Zwei-Faktor-Gerät verloren",
        "Mein Telefon ist weg und mit ihm die Codes. Wie komme ich wieder [hinein|in mein Konto]?",
        "die Codes",
    ),
    other(
        "fr",
        "Supprimer mon compte",
        "Merci de supprimer mon compte et toutes mes données[, et de me le confirmer|].",
        "supprimer mon compte",
    ),
    other("es", "No puedo entrar", "El correo para [cambiar la contraseña|entrar] no llega nunca. [Ya miré en spam.|]", "no llega"),
];

/// Abuse.
pub const ABUSE: &[Letter] = &[
    en(
        "Phishing page[s|] on your service",
        "A page on [your domain|{hex}.pages.example] pretends to be [our bank|{company}] and asks for passwords. [Please take it down.|Two customers fell for it already.]",
        "asks for passwords",
    ),
    en(
        "Somebody spams us through your forms",
        "We get {code} messages a day from a form that is hosted with you. We never agreed to any. [They all link to the same shop.|]",
        "messages a day",
    ),
    en(
        "Threats in a shared note",
        "A user shares notes with me that [threaten me|say where I live]. I blocked him and he comes back under other names.",
        "under other names",
    ),
    en(
        "[Our files|Our price list] shared by a stranger",
        "Somebody [who left us|I do not know] shares [our customer list|internal files] by a public link of yours: /s/{hex}. [Please close it at once.|]",
        "public link",
    ),
    en(
        "Fake [shop|support] uses your service",
        "A page of yours sells [our product|tickets] that do not exist and takes {amount} euros by card. [We are {company}, the real ones.|]",
        "do not exist",
    ),
    other(
        "de",
        "Gefälschte Rechnungen in unserem Namen",
        "Jemand verschickt über Ihren Dienst gefälschte Rechnungen in unserem Namen, eine über {amount} Euro.",
        "gefälschte Rechnungen",
    ),
    other(
        "fr",
        "Quelqu'un se fait passer pour nous",
        "Une page chez vous se fait passer pour {company} et demande des mots de passe à nos clients.",
        "se fait passer pour",
    ),
];

/// Two topics at once: the letter, with the queue that is right and the one that the words point to.
pub const MIXED: &[(usize, usize, Letter)] = &[
    (
        2,
        0,
        en(
            "Payment fails and I am locked out",
            "Paying invoice {invoice} fails and now I cannot get into my account at all. Is it the card or the password?",
            "invoice {invoice}",
        ),
    ),
    (
        1,
        0,
        en(
            "Billed for a broken export",
            "I pay {amount} euros a month and the export has been failing with error {code} since {month}. [I want it to work.|When will this be fixed?]",
            "{amount} euros",
        ),
    ),
    (
        0,
        2,
        en(
            "Account says free, invoice says team",
            "The account page says free, and yet {amount} euros went off the card in {month}. [We never upgraded.|Please give the money back.]",
            "account page",
        ),
    ),
    (
        1,
        2,
        en(
            "Sign-in loops",
            "After signing in I land on the sign-in page again, in {browser} only. [Password is fine on the phone.|Clearing cookies helps for a minute.]",
            "signing in",
        ),
    ),
    (
        2,
        1,
        en(
            "Invite ends in error {code}",
            "The link in the invite ends in error {code}. [The person has another account with the same mail.|She was removed in {month} and should be back.]",
            "error {code}",
        ),
    ),
    (
        3,
        0,
        en(
            "Invoice that we never ordered",
            "We got invoice {invoice} for {amount} euros from an address at your domain. We have no account. [The bank details are in {city}.|The logo is a bad copy of yours.]",
            "invoice {invoice}",
        ),
    ),
    (
        3,
        2,
        en(
            "Somebody else is in my account",
            "There are [notes|shares] in my account that I did not write, and strangers get mail from me. [They ask my contacts for money.|I changed the password twice.]",
            "in my account",
        ),
    ),
    (
        0,
        1,
        en(
            "Total on the page is wrong",
            "The price page adds VAT twice for {city}, so {amount} became {amount2} on our card. [Please correct the charge.|]",
            "adds VAT twice",
        ),
    ),
    (
        2,
        3,
        en(
            "Person who left still has access",
            "[An employee|Our former admin] left [in {month}|last week] and still [sees|shares] our boards. How do I remove them [when only they are owner|]?",
            "still",
        ),
    ),
    (
        1,
        3,
        en(
            "Your app sends my contacts mail",
            "After the update {product} mailed all my contacts \"{name} invites you\". I did not press anything. [Please fix it.|]",
            "all my contacts",
        ),
    ),
];

/// Products.
pub const PRODUCTS: [&str; 9] = [
    "the calendar sync",
    "the mobile app",
    "the export",
    "the dashboard",
    "the board view",
    "the report builder",
    "the editor",
    "the file viewer",
    "the API",
];
/// Months, in English and in German.
pub const MONTHS: [(&str, &str); 12] = [
    ("January", "Januar"),
    ("February", "Februar"),
    ("March", "März"),
    ("April", "April"),
    ("May", "Mai"),
    ("June", "Juni"),
    ("July", "Juli"),
    ("August", "August"),
    ("September", "September"),
    ("October", "Oktober"),
    ("November", "November"),
    ("December", "Dezember"),
];
/// Browsers.
pub const BROWSERS: [&str; 4] = ["Firefox", "Chrome", "Safari", "Edge"];
/// Systems.
pub const SYSTEMS: [&str; 6] = ["Windows 11", "macOS", "Ubuntu", "Android 15", "iOS 18", "an old iPad"];
/// Cities.
pub const CITIES: [&str; 8] = ["Lisbon", "Oslo", "Lagos", "Osaka", "Lyon", "Toronto", "Quito", "Leipzig"];
/// Companies.
pub const COMPANIES: [&str; 12] = [
    "Nordlicht GmbH",
    "Halden & Sons",
    "Café Miralles",
    "Blue Heron Labs",
    "Ostrava Steel",
    "Kente Textiles",
    "Marigold Care",
    "Pixel Harbour",
    "Sato Bikes",
    "Vega Logistics",
    "Linde Dental",
    "Quayside Books",
];
/// Identity providers.
pub const IDPS: [&str; 4] = ["our own Keycloak", "Entra", "Okta", "Google"];
/// Endpoints.
pub const ENDPOINTS: [&str; 5] = ["tasks", "boards", "files", "hooks", "members"];
/// First names.
pub const FIRST: [&str; 32] = [
    "Noa", "Liam", "Mei", "Omar", "Inês", "Tomáš", "Aisha", "Jonas", "Priya", "Lucía", "Emre", "Sofia", "Kofi", "Hana", "Mateo", "Zoe",
    "Anders", "Fatou", "Yuki", "Pavel", "Clara", "Diego", "Leila", "Hugo", "Amara", "Björn", "Chen", "Daria", "Elif", "Farid", "Greta",
    "Ivo",
];
/// Family names.
pub const LAST: [&str; 24] = [
    "Lindqvist",
    "Moreau",
    "Tanaka",
    "Haddad",
    "Silva",
    "Novak",
    "Bello",
    "Weber",
    "Nair",
    "Rossi",
    "Demir",
    "Ivanova",
    "Mensah",
    "Sato",
    "Castro",
    "Dubois",
    "Okoye",
    "Larsen",
    "Kovacs",
    "Murphy",
    "Ortiz",
    "Park",
    "Quist",
    "Reyes",
];
/// What support asks back.
pub const QUESTIONS: [&str; 5] = [
    "Thank you for writing[, {name}|]. Could you send us [a picture of it|the exact message]?",
    "Since when does it happen[, and to everybody|]?",
    "Which [mail address|workspace] is it about?",
    "Thanks. Did anything change on your side [around then|in {month}]?",
    "I am sorry about that. Is anybody else in your team affected?",
];
/// What customers answer.
pub const REPLIES: [&str; 6] = [
    "Since [yesterday|{month}|this morning]. [Only me, as far as I know.|All of us.]",
    "[I have attached it.|Attached.] [Tell me if you need more.|]",
    "The one that I am writing from.",
    "No, [nothing changed|we only added two people].",
    "[Any news?|It is still the same today.]",
    "It is for the workspace of {company}.",
];
