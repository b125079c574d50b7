"""What the bank's own staff wrote for its customers, in the languages of its surveys."""

from __future__ import annotations

from collections.abc import Mapping

# At a touchpoint, and at the end of a journey.
AT_TOUCHPOINT = "Two minutes about one contact with us: what went well, and what did not?"
AT_END = "Please look back on the whole journey, from the very beginning to the last step."
CONSENT = (
    "Northbank uses your answers to improve its services, and for nothing else. They are erased after"
    " two years. Taking part is voluntary."
)
DRAW = "Win one of ten vouchers for a local bookshop, 50 euros each."

INTRODUCTIONS: Mapping[str, Mapping[str, str]] = {
    AT_TOUCHPOINT: {
        "ar": "دقيقتان عن تعامل واحد معنا: ما الذي سار على ما يرام، وما الذي لم يسر؟",
        "de": "Zwei Minuten zu einem Kontakt mit uns: Was ist gelungen, und was nicht?",
        "es": "Dos minutos sobre un contacto con nosotros: ¿qué fue bien y qué no?",
        "fi": "Kaksi minuuttia yhdestä asioinnista kanssamme: mikä sujui ja mikä ei?",
        "fr": "Deux minutes sur un contact avec nous : qu’est-ce qui s’est bien passé, et moins bien ?",
        "sv": "Två minuter om en kontakt med oss: vad gick bra, och vad gick mindre bra?",
    },
    AT_END: {
        "ar": "نرجو أن تسترجع تعاملك معنا كله، منذ البداية حتى آخر خطوة.",
        "de": "Bitte blicken Sie auf alles zurück, von Anfang an bis zum letzten Schritt.",
        "es": "Piense en todo el proceso, desde el primer momento hasta el último paso.",
        "fi": "Ajattele koko asiointiasi aivan alusta viimeiseen vaiheeseen.",
        "fr": "Repensez à tout votre parcours, du tout début à la dernière étape.",
        "sv": "Tänk tillbaka på alltihop, från allra första början till det sista steget.",
    },
}
CONSENTS: Mapping[str, str] = {
    "ar": "يستخدم Northbank إجاباتك لتحسين خدماته ولا شيء غير ذلك. وتُحذف بعد سنتين. مشاركتك طوعية.",
    "de": "Northbank verwendet Ihre Antworten, um seine Leistungen zu verbessern, und für nichts anderes."
    " Sie werden nach zwei Jahren gelöscht. Die Teilnahme ist freiwillig.",
    "es": "Northbank utiliza sus respuestas para mejorar sus servicios y para nada más. Se borran"
    " después de dos años. La participación es voluntaria.",
    "fi": "Northbank käyttää vastauksiasi palvelujensa parantamiseen eikä mihinkään muuhun. Ne"
    " poistetaan kahden vuoden kuluttua. Osallistuminen on vapaaehtoista.",
    "fr": "Northbank utilise vos réponses pour améliorer ses services, et pour rien d’autre. Elles sont"
    " effacées après deux ans. La participation est volontaire.",
    "sv": "Northbank använder dina svar för att förbättra sina tjänster och inte till något annat. De"
    " raderas efter två år. Det är frivilligt att delta.",
}
DRAWS: Mapping[str, str] = {
    "fi": "Voita yksi kymmenestä paikallisen kirjakaupan 50 euron lahjakortista.",
    "sv": "Vinn ett av tio presentkort på 50 euro i en lokal bokhandel.",
}
# What each survey is about, by the codes of touchpoints and journeys.
PLACES: Mapping[str, Mapping[str, str]] = {
    "ar": {
        "account": "فتح حساب",
        "compare": "مقارنة الحسابات عبر الإنترنت",
        "advice": "أول حديث استشاري",
        "form": "استمارة الطلب",
        "identity": "التحقق من الهوية عبر الفيديو",
        "signin": "أول تسجيل دخول إلى التطبيق",
        "card": "وصول البطاقة",
        "mortgage": "الحصول على قرض عقاري",
        "calculator": "حاسبة القرض العقاري",
        "meeting": "اللقاء الاستشاري",
        "documents": "رفع المستندات",
        "decision": "قرار القرض",
        "signing": "التوقيع لدى كاتب العدل",
        "instalment": "القسط الأول",
    },
    "de": {
        "account": "Ein Konto eröffnen",
        "compare": "Kontovergleich im Internet",
        "advice": "Erstes Beratungsgespräch",
        "form": "Antragsformular",
        "identity": "Identitätsprüfung per Video",
        "signin": "Erste Anmeldung in der App",
        "card": "Zusendung der Karte",
        "mortgage": "Eine Hypothek bekommen",
        "calculator": "Hypothekenrechner",
        "meeting": "Beratungstermin",
        "documents": "Hochladen der Unterlagen",
        "decision": "Kreditentscheidung",
        "signing": "Unterschrift beim Notar",
        "instalment": "Erste Rate",
    },
    "es": {
        "account": "Abrir una cuenta",
        "compare": "Comparación de cuentas en línea",
        "advice": "Primera conversación de asesoramiento",
        "form": "Formulario de solicitud",
        "identity": "Comprobación de identidad por vídeo",
        "signin": "Primer acceso a la aplicación",
        "card": "Llegada de la tarjeta",
        "mortgage": "Obtener una hipoteca",
        "calculator": "Calculadora de hipotecas",
        "meeting": "Reunión de asesoramiento",
        "documents": "Envío de documentos",
        "decision": "Decisión sobre el crédito",
        "signing": "Firma ante notario",
        "instalment": "Primera cuota",
    },
    "fr": {
        "account": "Ouvrir un compte",
        "compare": "Comparaison des comptes en ligne",
        "advice": "Premier entretien de conseil",
        "form": "Formulaire de demande",
        "identity": "Vérification d’identité par vidéo",
        "signin": "Première connexion à l’application",
        "card": "Arrivée de la carte",
        "mortgage": "Obtenir un prêt immobilier",
        "calculator": "Calculateur de prêt immobilier",
        "meeting": "Rendez-vous de conseil",
        "documents": "Envoi des documents",
        "decision": "Décision de crédit",
        "signing": "Signature chez le notaire",
        "instalment": "Première mensualité",
    },
    "fi": {
        "account": "Tilin avaaminen",
        "compare": "Tilien vertailu verkossa",
        "advice": "Ensimmäinen neuvontakeskustelu",
        "form": "Hakulomake",
        "identity": "Henkilöllisyyden tarkistus videolla",
        "signin": "Ensimmäinen kirjautuminen sovellukseen",
        "card": "Kortin saapuminen",
        "mortgage": "Asuntolainan saaminen",
        "calculator": "Asuntolainalaskuri",
        "meeting": "Neuvontatapaaminen",
        "documents": "Asiakirjojen lähettäminen",
        "decision": "Luottopäätös",
        "signing": "Lainan allekirjoitus",
        "instalment": "Ensimmäinen lyhennys",
    },
    "sv": {
        "account": "Att öppna ett konto",
        "compare": "Jämförelse av konton på nätet",
        "advice": "Första rådgivningssamtalet",
        "form": "Ansökningsblanketten",
        "identity": "Identitetskontrollen via video",
        "signin": "Första inloggningen i appen",
        "card": "När kortet kom",
        "mortgage": "Att få ett bolån",
        "calculator": "Bolånekalkylatorn",
        "meeting": "Rådgivningsmötet",
        "documents": "Uppladdningen av handlingar",
        "decision": "Kreditbeslutet",
        "signing": "Undertecknandet av lånet",
        "instalment": "Första amorteringen",
    },
}


def translations(introduction: str, place: str, *, draw: bool) -> dict[str, dict[str, str]]:
    """The texts of a survey with this introduction about this place, by language and name."""
    written: dict[str, dict[str, str]] = {}
    for language, consent in CONSENTS.items():
        written[language] = {
            "introduction": INTRODUCTIONS[introduction][language],
            "consent": consent,
            "touchpoint": PLACES[language][place],
            "draw": DRAWS.get(language, "") if draw else "",
        }
    return written
