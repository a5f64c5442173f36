"""Headings in German, Spanish, French, Italian, Portuguese, Dutch and Vietnamese: whole phrases, accents left out."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_FIELDS: Final[dict[str, str]] = {
    "application_id": (
        "antragsnummer|antragsnr|antrags nr|antrag nr|vorgangsnummer|vertragsnummer|no solicitud|n solicitud"
        "|numero de solicitud|numero solicitud|num solicitud|id solicitud|solicitud|expediente|no expediente"
        "|numero de dossier|no dossier|n dossier|no demande|numero de demande|ma ho so|so ho so|ma don"
        "|numero pratica|n pratica|numero da proposta|n proposta|aanvraagnummer"
    ),
    "submitted_at": (
        "eingang|eingangsdatum|antragsdatum|antragsdatum uhrzeit|eingegangen am|fecha|fecha solicitud"
        "|fecha de solicitud|fecha alta|date de demande|date demande|date de depot|ngay nop|ngay nop don"
        "|ngay tao|thoi gian nop|data domanda|data richiesta|data da proposta|aanvraagdatum"
    ),
    "name": (
        "antragsteller|kreditnehmer|darlehensnehmer|kunde|kundenname|vor und nachname|name antragsteller"
        "|name des antragstellers|solicitante|nombre|nombre completo|nombre y apellidos|titular|cliente"
        "|nombre del cliente|nombre solicitante|demandeur|emprunteur|nom|nom et prenom|nom du client"
        "|nom complet|ho va ten|ho ten|ten khach hang|khach hang|nguoi vay|richiedente|nome e cognome"
        "|nome completo|nome|aanvrager|naam"
    ),
    "national_id": (
        "ausweisnr|ausweisnummer|ausweis nr|personalausweis|personalausweisnummer|steuer id|dni nie|dni|nie"
        "|nif|cedula|curp|rfc|documento|documento de identidad|no documento|numero de piece d identite"
        "|piece d identite|cni|numero cni|so cccd|cccd|cmnd|so cmnd|cccd cmnd|can cuoc cong dan"
        "|codice fiscale|cpf|bsn"
    ),
    "birth_date": (
        "geburtsdatum|geb datum|geboren am|fecha nacimiento|fecha de nacimiento|f nacimiento"
        "|date de naissance|naissance|ngay sinh|data di nascita|data de nascimento|nascimento|geboortedatum"
    ),
    "phone.1": (
        "mobilnummer|mobiltelefon|mobil|handy|handynummer|telefon|telefonnummer|movil|telefono movil|telefono"
        "|celular|portable|telephone portable|no telephone|so dien thoai|sdt|dien thoai|di dong|cellulare"
        "|telemovel|telefone|mobiel|telefoonnummer"
    ),
    "phone.2": (
        "festnetz|festnetznummer|telefon privat|telefon 2|telefono fijo|fijo|telefono 2|telephone fixe|fixe"
        "|dien thoai khac|sdt khac|sdt 2|so dien thoai 2|telefono fisso"
    ),
    "email": (
        "e mail adresse|mailadresse|correo|correo electronico|courriel|adresse e mail|adresse email"
        "|thu dien tu|posta elettronica"
    ),
    "address": (
        "anschrift|adresse|wohnadresse|wohnanschrift|strasse|domicilio|direccion|direccion completa"
        "|adresse postale|domicile|dia chi|dia chi thuong tru|noi o|indirizzo|residenza|endereco|morada|adres"
    ),
    "region": "bundesland|land|provincia|comunidad autonoma|departement|tinh thanh|tinh|tinh thanh pho|provincie",
    "employer.name": (
        "arbeitgeber|firma|arbeitgeber name|name des arbeitgebers|empresa|empleador|nombre empresa"
        "|centro de trabajo|employeur|nom de l employeur|entreprise|noi lam viec|cong ty|ten cong ty"
        "|don vi cong tac|datore di lavoro|azienda|empregador|werkgever"
    ),
    "employer.phone": (
        "tel arbeitgeber|telefon arbeitgeber|telefon firma|telefon dienstlich|telefono empresa|tel empresa"
        "|telefono trabajo|telephone employeur|tel employeur|dt co quan|dien thoai co quan|sdt co quan"
        "|sdt cong ty|telefono azienda|telefone empresa"
    ),
    "occupation": (
        "beruf|berufsbezeichnung|tatigkeit|ocupacion|profesion|puesto|profession|metier|nghe nghiep|chuc vu"
        "|professione|profissao|beroep"
    ),
    "monthly_income": (
        "nettoeinkommen|monatseinkommen|einkommen|monatliches nettoeinkommen|nettogehalt|gehalt|ingresos"
        "|ingresos mensuales|salario|salario mensual|revenu|revenus mensuels|revenu mensuel|salaire"
        "|thu nhap thang|thu nhap|luong|thu nhap hang thang|reddito mensile|reddito|renda mensal|renda"
        "|rendimento mensal|maandinkomen"
    ),
    "dealer_id": (
        "handlernr|handlernummer|handler nr|handler id|codigo concesionario|id concesionario"
        "|code concessionnaire|ma dai ly"
    ),
    "dealer_name": (
        "handler|autohaus|handlername|concesionario|nombre concesionario|concessionnaire|dai ly|ten dai ly"
        "|concessionario|concessionaria"
    ),
    "officer_id": (
        "verkaufer|sachbearbeiter|berater|kundenberater|vendedor|gestor|agente|asesor|vendeur|conseiller"
        "|nhan vien|nhan vien kinh doanh|ma nhan vien|venditore|verkoper"
    ),
    "vin": (
        "fin|fahrgestellnummer|fahrgestellnr|fahrzeug identifizierungsnummer|bastidor|numero de bastidor"
        "|n bastidor|no bastidor|numero de chassis|chassis|so khung|telaio|numero telaio|numero do chassi"
        "|chassi|chassisnummer"
    ),
    "vehicle_price": (
        "kaufpreis|fahrzeugpreis|preis|precio|precio vehiculo|precio del vehiculo|pvp|prix|prix du vehicule"
        "|prix d achat|gia xe|gia ban|gia mua|prezzo|prezzo veicolo|preco|preco do veiculo|aankoopprijs"
    ),
    "vehicle_appraisal": (
        "schatzwert|fahrzeugwert|zeitwert|tasacion|valor tasacion|valor de tasacion|estimation|valeur estimee"
        "|gia dinh gia|dinh gia|valutazione|avaliacao|taxatiewaarde"
    ),
    "vehicle_condition": (
        "zustand|fahrzeugzustand|neu gebraucht|estado|nuevo usado|estado vehiculo|etat|neuf occasion"
        "|tinh trang|tinh trang xe|condizione|estado do veiculo"
    ),
    "vehicle_make": "marke|hersteller|fahrzeugmarke|marca|marca vehiculo|marque|hang|hang xe|merk",
    "vehicle_model": "modell|fahrzeugmodell|modelo|modele|dong xe|mau xe|modello",
    "loan_amount": (
        "kreditbetrag|darlehensbetrag|kreditsumme|finanzierungsbetrag|importe financiado|importe"
        "|importe prestamo|importe solicitado|capital|monto|monto financiado|montant|montant du pret"
        "|montant finance|montant demande|so tien vay|khoan vay|importo finanziato|importo|valor financiado"
        "|leenbedrag"
    ),
    "down_payment": (
        "anzahlung|entrada|pago inicial|enganche|apport|acompte|tra truoc|so tien tra truoc|anticipo|aanbetaling"
    ),
    "term_months": (
        "laufzeit|laufzeit monate|laufzeit in monaten|plazo|plazo meses|meses|duree|duree en mois|ky han"
        "|thoi han|so thang|durata|durata mesi|prazo|looptijd"
    ),
    "bank_account": (
        "kontonummer|bankverbindung|kontonr|cuenta|cuenta bancaria|numero de cuenta|no cuenta|compte"
        "|compte bancaire|rib|so tai khoan|stk|conto|conto corrente|conta bancaria|rekeningnummer"
    ),
    "account_holder_name": (
        "kontoinhaber|inhaber|titular cuenta|titular de la cuenta|titulaire|titulaire du compte|chu tai khoan"
        "|ten chu tai khoan|intestatario|titular da conta|rekeninghouder"
    ),
    "device_id": "gerate id|geratekennung|id dispositivo|dispositivo|id appareil|appareil|ma thiet bi|thiet bi",
    "ip_address": "ip adresse|direccion ip|adresse ip|dia chi ip|indirizzo ip|endereco ip",
    "channel": "kanal|vertriebsweg|canal|kenh|canale",
    "event": "ereignis|ergebnis|resultado|evento|evenement|resultat|su kien|ket qua",
    "event_at": "ereignisdatum|fecha evento|date evenement|ngay su kien",
}
_OF_PHRASE: Final = {phrase: field for field, phrases in _FIELDS.items() for phrase in phrases.split("|")}
_PEOPLE: Final = (
    (
        "co_applicant",
        r"mitantragsteller(?:in)?|mitkreditnehmer|zweiter? antragsteller|burge|co ?solicitante|codeudor|cotitular"
        r"|avalista|fiador|segundo titular|co ?emprunteur|co ?demandeur|caution|(?:nguoi )?dong vay|nguoi bao lanh"
        r"|co ?richiedente|garante|medeaanvrager",
    ),
    (
        "reference",
        r"referenz(?:person)?|kontaktperson|referencia|contacto|personne de reference|contact"
        r"|(?:nguoi )?tham chieu|nguoi lien he|referente|referencia pessoal|referentie",
    ),
)  # fmt: skip
_CONCEPTS: Final = {
    **dict.fromkeys(("", "name", "nombre", "nom", "ten", "ho va ten", "ho ten", "nome", "naam"), "name"),
    **dict.fromkeys(
        ("telefon", "tel", "telefonnr", "mobil", "handy", "mobilnummer", "telefono", "movil", "celular", "telephone",
         "portable", "sdt", "dien thoai", "so dien thoai", "telefone", "telefoon"), "phone"),
    **dict.fromkeys(
        ("ausweisnr", "ausweisnummer", "ausweis", "dni", "nie", "dni nie", "documento", "cedula", "cni", "cccd",
         "so cccd", "cmnd", "codice fiscale", "cpf"), "national_id"),
    **dict.fromkeys(
        ("verhaltnis", "beziehung", "relacion", "parentesco", "vinculo", "lien", "lien de parente", "quan he",
         "relazione", "relacao", "relatie"), "relation"),
}  # fmt: skip
_LINKING: Final = re.compile(r"\b(?:de|del|der|des|du|da|di|do|la|le|el|von|van|cua)\b")


@lru_cache(maxsize=4096)
def foreign_field(heading: str) -> str | None:
    """The field that a heading in one of these languages names; None where it is none of the usual phrases."""
    phrase = _plain(heading)
    if phrase in _OF_PHRASE:
        return _OF_PHRASE[phrase]
    digits = re.search(r"\b0?([1-9])\b", phrase)
    number = digits[1] if digits else "1"
    rest = " ".join(re.sub(r"\b0?[1-9]\b", " ", phrase).split())
    for group, words in _PEOPLE:
        match = re.search(rf"\b(?:{words})\b", rest)
        asked = match and _CONCEPTS.get(
            " ".join(_LINKING.sub(" ", rest[: match.start()] + rest[match.end() :]).split())
        )
        if asked:
            return f"{group}.{number}.{asked}" if asked != "national_id" or group == "co_applicant" else None
    told = _CONCEPTS.get(rest) if digits else None
    return f"reference.{number}.relation" if told == "relation" else None


def _plain(heading: str) -> str:
    """Small letters and single blanks, without accents."""
    marked = unicodedata.normalize("NFKD", heading.lower().replace("đ", "d").replace("ß", "ss"))
    bare = "".join(c for c in marked if not unicodedata.combining(c))
    return " ".join(re.sub("[^a-z0-9]", " ", bare).split())
