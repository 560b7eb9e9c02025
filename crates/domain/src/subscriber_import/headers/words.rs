//! Headers and words in headers, in the form of [`header_key`](super::header_key), with blanks between them.

use super::Column;

/// Known headers. They are also known without the `_` between their words.
pub(super) const KNOWN: &[(Column, &str)] = &[
    (Column::Email, "email email_address subscriber_email contact_email"),
    (Column::Preferences, "preferences"),
    (Column::Components, "components"),
    (Column::Environment, "environment"),
    (Column::ConsentSource, "consent_source"),
    (Column::ConsentTime, "consent_time subscribed_at subscribed_on subscribed_date date_subscribed"),
    (
        Column::State,
        "
        state status subscriber_state subscriber_status subscription_state subscription_status email_status
        email_state email_permission_status email_channel_status emailing_status newsletter_status member_status
        contact_status list_status global_status marketing_status email_marketing_status email_marketing_state
        email_subscription_status email_subscription_state email_marketing_consent email_subscribe subscriber_type
        type",
    ),
    (
        Column::Subscribed,
        "
        subscribed is_subscribed subscribe subscription is_subscriber subscribed_to_emails subscribed_to_newsletter
        email_subscribed email_subscription newsletter newsletter_subscribed newsletter_subscription
        newsletter_subscriber newsletter_optin optin_newsletter newsletter_enabled accepts_newsletter
        accept_newsletter receive_newsletter receives_newsletter receive_newsletters wants_newsletter
        send_newsletter accepts_marketing accept_marketing allow_marketing marketing_optin email_marketing_optin
        accepts_email_marketing accepts_email accepts_emails accept_email accept_emails accept receive_email
        receive_emails receives_emails receive_admin_email receive_admin_emails allow_email allow_emails
        allow_mass_email allow_mass_emails send_email send_emails active is_active enabled is_enabled email_enabled
        mailable is_mailable optin email_optin",
    ),
    (
        Column::Confirmed,
        "
        confirmed is_confirmed email_confirmed optedin double_optin verified is_verified email_verified
        verified_email validated email_validated activated is_activated",
    ),
    (
        Column::Unsubscribed,
        "
        unsubscribed is_unsubscribed unsub isunsub optout email_optout has_optedout email_optedout optedout
        blacklist blacklisted is_blacklisted email_blacklisted blocklist blocklisted is_blocklisted
        email_blocklisted block blocked is_blocked ban is_ban disabled is_disabled email_disabled deleted is_deleted
        complaint complained spam is_spam spam_complaint is_spam_complaining marked_as_spam marked_email_as_spam
        reported_spam reported_as_spam cancelled canceled removed archived do_not_contact do_not_email do_not_mail
        do_not_send do_not_market do_not_bulk_email do_not_disturb dnc no_email no_emails no_mail no_newsletter
        no_newsletters no_marketing email_suppressions email_marketing_suppressions stop stop_time stop_status",
    ),
    (
        Column::Bounced,
        "
        bounced is_bounced email_bounced hard_bounced hard_bounce cleaned suppressed is_suppressed invalid
        is_invalid email_invalid invalid_email invalid_email_address",
    ),
];

/// Words that mean having left, in the languages of their lines. Together with a word of [`TIME`], they are the time of
/// it.
pub(super) const NO: &str = "
    unsub unsubs unsubscribe unsubscribed unsubscription unsubscribes optout optouts optedout blacklist blacklisted
    blocklist blocklisted blocked disabled deactivated deactivation deleted deletion removed removal cancelled
    canceled cancellation complained complaining complaint complaints spam archived suppression suppressions
    suspended suspension banned excluded exclusion revoked withdrawn withdrawal objected objection erased erasure
    left inactive
    abgemeldet abmeldung abbestellt abbestellung ausgetragen austragung gekundigt gekuendigt kundigung kuendigung
    gesperrt geloscht geloescht widerrufen widerruf widerspruch widersprochen deaktiviert inaktiv entfernt
    resilie resiliation supprime supprimee inactif desactive exclu
    baja bajas cancelado cancelada cancelacion eliminado eliminada bloqueado inactivo desactivado
    cancellato cancellata cancellazione disdetta annullato revocato revocata bloccato inattivo eliminato
    cancelamento removido excluido inativo
    afmelding afmelden uitschrijven opgezegd opzegging verwijderd geblokkeerd inactief
    wypisany wypisana wypisanie rezygnacja usuniety zablokowany nieaktywny
    avregistrerad avprenumererad avslutad avanmald avmeldt avmelding afmeldt oppsagt slettet
    peruttu peruutettu poistettu torolt sters iptal cikti ayrildi";

/// Words that often mean having left, but also the end of something else. Their times are not read.
pub(super) const PERHAPS_NO: &str = "
    cancel cancels exclude suspend revoke withdraw refused declined rejected denied expired ended terminated closed
    locked frozen paused muted snoozed silenced ignored trashed trash junk abuse churned lapsed dormant forgotten
    quit stopped stop never dnd dne dnm delete remove complain hold failed failing invalid";

/// Parts of words that mean having left, for headers such as `unsubscribedate`, for words with many endings, and for
/// languages without blanks.
pub(super) const NO_STEMS: &str = "
    unsub optout optedout blacklist blocklist donotcontact donotemail donotmail donotsend suspend
    abmelde abbestell kundigung kuendigung sperrvermerk werbesperre desabon desinscri desuscri disiscri descadastr
    dezabon uitgeschr uitschrijv afgemeld odhlas leiratk
    отпис отказ відпис απεγγραφ διαγραφ
    停止 解除 解約 退会 退订 退訂 取消订阅 取消訂閱 拒收 거부 해지 탈퇴 구독취소";

/// Words that mean that mail is refused.
pub(super) const REFUSED: &str = "
    bounce bounced bouncing clean cleaned suppress suppressed unreachable undeliverable undelivered undeliverability
    quarantine quarantined";

/// Words that mean having left where all other words of a header are in [`AROUND_NO`].
pub(super) const NO_ALONE: &str = "
    unsubscribed optout optedout blacklisted blocklisted blocked banned suspended excluded deactivated disabled
    deleted removed archived cancelled canceled complained inactive";

/// Words that mean that mail is refused where all other words of a header are in [`AROUND_NO`].
pub(super) const REFUSED_ALONE: &str = "bounced bouncing suppressed cleaned unreachable undeliverable quarantined";

/// Words that change nothing beside a word of the two lists above.
pub(super) const AROUND_NO: &str = "
    is has was been the this from of all any email emails mail mails mailing mailings newsletter newsletters
    marketing campaigns list lists our your user contact subscriber customer account profile global globally hard";

/// Words that mean an agreement.
pub(super) const YES: &str = "
    subscribed subscribe optin optins optedin opt opted doi confirm confirmed confirmation consent consented
    consents active activated enabled enable unconfirmed mailable marketable contactable deliverable deliverability
    reachable permission permissions gdpr dsgvo rgpd accept accepts accepted acceptance agree agrees agreed allow
    allows allowed receive receives receiving want wants verified verification validated valid validity approved
    approval eligible whitelisted allowlisted ok okay
    angemeldet aktiv abonniert bestatigt bestaetigt einwilligung zugestimmt zustimmung
    actif abonne abonnee abonnement inscrit inscrite inscription consentement
    activo suscrito suscrita suscripcion inscrito inscrita consentimiento confirmado
    attivo iscritto iscritta iscrizione consenso confermato ativo inscricao assinante assinatura cadastrado
    aangemeld ingeschreven inschrijving toestemming actief
    zapisany zgoda aktywny samtycke samtykke prenumererar tilmeldt pameldt odber souhlas feliratkozott abonat abone";

/// Words of an agreement whose yes means that somebody wants email.
pub(super) const YES_ALONE: &str = "
    subscribed subscribe optin optedin consent consented consents active enabled permission permissions gdpr dsgvo rgpd
    accept accepts accepted agree agrees agreed allow allows allowed receive receives want wants approved
    angemeldet aktiv abonniert einwilligung zugestimmt zustimmung actif abonne abonnee inscrit inscrite consentement
    activo suscrito suscrita inscrito inscrita consentimiento attivo iscritto iscritta consenso ativo aangemeld
    ingeschreven toestemming actief zgoda samtycke samtykke";

/// Words that can turn a state into its opposite or into the past.
pub(super) const TURNING: &str = "was were been clean unconfirmed pending without except";

/// Parts of words that mean an agreement, for headers such as `newslettersubscribed` and for languages without blanks.
pub(super) const YES_STEMS: &str = "
    subscribed optin optedin newsletter подпис соглас рассылк 購読 配信 同意 メルマガ 订阅 訂閱 구독 수신 동의";

/// Words that forbid what follows them.
pub(super) const NOT: &str = "no non not nao nicht kein keine ne pas nie geen niet ikke inte";

/// Beginnings of words that mean writing to somebody.
pub(super) const CONTACT_STEMS: &str = "conta kontakt envi invi mail email send werbung";

/// Words that mean any state. A word may also end in `status`.
pub(super) const STATE: &str = "
    state status statut estado stato situation situacion situacao zustand toestand allapot durum stare статус
    состояние κατασταση";

/// Parts of words that mean any state, for languages without blanks.
pub(super) const STATE_STEMS: &str = "状態 状态 狀態 ステータス 상태";

/// Words for what people receive. A header of these words and of [`AROUND_CHANNEL`] looks like a yes or no.
pub(super) const CHANNEL: &str = "
    newsletter newsletters subscription subscriptions subscriber subscribers mailing marketing promo promos promotions
    promotional notification notifications notify digest digests announcements updates offers news alerts bulletin
    communications preference preferences frequency rundbrief infolettre nieuwsbrief boletin benachrichtigungen
    notificaciones notifiche powiadomienia abonnent abonnenten";

/// Words that change nothing beside a word of [`CHANNEL`].
pub(super) const AROUND_CHANNEL: &str = "
    email emails e mail mails is has on in to for of the a our my me us your list and or contact communication
    customer product products weekly monthly daily";

/// Words that mean the time of an agreement, together with a word of [`TIME`] and none of [`NOT_AGREED`].
pub(super) const AGREED: &str = "
    subscribed subscribe subscription optin optedin confirm confirmed confirmation consent consented agreed";

/// Words for other times of an agreement: it was asked for, changed, or ends.
pub(super) const NOT_AGREED: &str = "
    sent resent requested request reminded reminder invited expires expire expired expiry expiration renewal renews
    renewed next end ends updated update modified changed change";

/// Words for a time, anywhere in a header.
pub(super) const TIME: &str = "time date timestamp datetime since datum fecha";

/// Words for a time at the beginning of a header. Elsewhere, they mean other things.
pub(super) const TIME_FIRST: &str = "data";

/// Words for a time at the end of a header.
pub(super) const TIME_LAST: &str = "at on";

/// Words for the time at which a column was changed, which may be to yes or to no.
pub(super) const CHANGED: &str = "updated update modified changed change sent";

/// Last words of headers of details: a place, a reason or a means, but not a state.
pub(super) const DETAIL: &str = "
    ip reason reasons other title id source method url link campaign country count by referrer referer text details
    message page form rate score rating mode via channel agent name note notes language locale version wording
    token key code hash uuid zone until till";

/// First words of headers of details, in languages that put them there: `nom de l'abonné`.
pub(super) const DETAIL_FIRST: &str = "
    nom prenom adresse langue pays ville raison motif nombre apellido apellidos direccion idioma pais ciudad motivo
    nome cognome indirizzo lingua paese citta sobrenome endereco cidade origine origen origem";

/// Words for a number of things.
pub(super) const COUNT: &str = "number num total count counts days hours avg average";

/// Words in headers that are not about email, unless a word of [`EMAIL`] is there, too.
pub(super) const ELSEWHERE: &str = "
    sms phone whatsapp push mobile postal paid commenting comments call calls fax telegram viber cookie cookies
    track tracking billing shipping province payment order orders marital financial fulfillment civil civile familiale
    telefon telefono telefone telephone";

/// Words for email.
pub(super) const EMAIL: &str = "email emails newsletter newsletters";

/// All lists of whole words.
pub(super) const ALL: &[&str] = &[
    NO,
    PERHAPS_NO,
    REFUSED,
    NO_ALONE,
    REFUSED_ALONE,
    AROUND_NO,
    YES,
    YES_ALONE,
    TURNING,
    NOT,
    STATE,
    CHANNEL,
    AROUND_CHANNEL,
    AGREED,
    NOT_AGREED,
    TIME,
    TIME_FIRST,
    TIME_LAST,
    CHANGED,
    DETAIL,
    DETAIL_FIRST,
    COUNT,
    ELSEWHERE,
    EMAIL,
];
