"""Two-letter country codes of ISO 3166-1, and the names under which people write them into a free text column."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

# Code, the English name, then other names that people use: common short forms and the countries' own.
_TABLE = """
AD Andorra; AE United Arab Emirates|UAE|Emirates|الإمارات العربية المتحدة; AF Afghanistan; AG Antigua and Barbuda
AI Anguilla; AL Albania|Shqipëria|Shqipëri; AM Armenia|Հայաստան; AO Angola; AQ Antarctica; AR Argentina
AS American Samoa; AT Austria|Österreich; AU Australia; AW Aruba; AX Åland Islands|Åland; AZ Azerbaijan|Azərbaycan
BA Bosnia and Herzegovina|Bosnia|Bosna i Hercegovina; BB Barbados; BD Bangladesh|বাংলাদেশ
BE Belgium|België|Belgique|Belgien; BF Burkina Faso; BG Bulgaria|България; BH Bahrain|البحرين; BI Burundi
BJ Benin|Bénin; BL Saint Barthélemy; BM Bermuda; BN Brunei Darussalam|Brunei
BO Bolivia|Plurinational State of Bolivia; BQ Bonaire, Sint Eustatius and Saba; BR Brazil|Brasil
BS Bahamas|The Bahamas; BT Bhutan; BV Bouvet Island; BW Botswana; BY Belarus|Беларусь; BZ Belize; CA Canada
CC Cocos (Keeling) Islands; CD Democratic Republic of the Congo|DR Congo|Congo, Democratic Republic of the
CF Central African Republic|République centrafricaine; CG Congo|Republic of the Congo
CH Switzerland|Schweiz|Suisse|Svizzera; CI Côte d'Ivoire|Ivory Coast; CK Cook Islands; CL Chile
CM Cameroon|Cameroun; CN China|People's Republic of China|PRC|中国|中國; CO Colombia; CR Costa Rica; CU Cuba
CV Cabo Verde|Cape Verde; CW Curaçao; CX Christmas Island; CY Cyprus|Κύπρος
CZ Czechia|Czech Republic|Česko|Česká republika; DE Germany|Deutschland|Allemagne|Federal Republic of Germany
DJ Djibouti; DK Denmark|Danmark; DM Dominica; DO Dominican Republic|República Dominicana; DZ Algeria|Algérie|الجزائر
EC Ecuador; EE Estonia|Eesti; EG Egypt|مصر; EH Western Sahara; ER Eritrea; ES Spain|España|Espagne; ET Ethiopia
FI Finland|Suomi; FJ Fiji; FK Falkland Islands; FM Micronesia|Federated States of Micronesia
FO Faroe Islands|Føroyar; FR France|République française; GA Gabon
GB United Kingdom|UK|Great Britain|England|Scotland|Wales|Northern Ireland
GD Grenada; GE Georgia|საქართველო; GF French Guiana; GG Guernsey; GH Ghana; GI Gibraltar
GL Greenland|Kalaallit Nunaat; GM Gambia|The Gambia; GN Guinea|Guinée; GP Guadeloupe; GQ Equatorial Guinea
GR Greece|Ελλάδα|Hellas; GS South Georgia and the South Sandwich Islands; GT Guatemala; GU Guam; GW Guinea-Bissau
GY Guyana; HK Hong Kong|Hong Kong SAR|香港; HM Heard Island and McDonald Islands; HN Honduras; HR Croatia|Hrvatska
HT Haiti|Haïti; HU Hungary|Magyarország; ID Indonesia; IE Ireland|Éire|Republic of Ireland; IL Israel|ישראל
IM Isle of Man; IN India|Bharat|भारत; IO British Indian Ocean Territory; IQ Iraq|العراق
IR Iran|Islamic Republic of Iran|ایران; IS Iceland|Ísland; IT Italy|Italia; JE Jersey; JM Jamaica; JO Jordan|الأردن
JP Japan|日本|Nippon; KE Kenya; KG Kyrgyzstan; KH Cambodia; KI Kiribati; KM Comoros; KN Saint Kitts and Nevis
KP North Korea|Democratic People's Republic of Korea
KR South Korea|Korea|Republic of Korea|Korea, Republic of|대한민국|한국; KW Kuwait|الكويت; KY Cayman Islands
KZ Kazakhstan|Қазақстан; LA Laos|Lao People's Democratic Republic; LB Lebanon|لبنان; LC Saint Lucia
LI Liechtenstein; LK Sri Lanka; LR Liberia; LS Lesotho; LT Lithuania|Lietuva; LU Luxembourg|Luxemburg|Lëtzebuerg
LV Latvia|Latvija; LY Libya|ليبيا; MA Morocco|Maroc|المغرب; MC Monaco; MD Moldova|Republic of Moldova
ME Montenegro|Crna Gora; MF Saint Martin; MG Madagascar; MH Marshall Islands
MK North Macedonia|Macedonia|Северна Македонија; ML Mali; MM Myanmar|Burma; MN Mongolia
MO Macao|Macau|Macao SAR|澳門; MP Northern Mariana Islands; MQ Martinique; MR Mauritania; MS Montserrat; MT Malta
MU Mauritius; MV Maldives; MW Malawi; MX Mexico|México|Méjico; MY Malaysia; MZ Mozambique|Moçambique; NA Namibia
NC New Caledonia|Nouvelle-Calédonie; NE Niger; NF Norfolk Island; NG Nigeria; NI Nicaragua
NL Netherlands|The Netherlands|Nederland|Holland; NO Norway|Norge|Noreg; NP Nepal; NR Nauru; NU Niue
NZ New Zealand|Aotearoa; OM Oman|عمان; PA Panama|Panamá; PE Peru|Perú; PF French Polynesia; PG Papua New Guinea
PH Philippines|Pilipinas|The Philippines; PK Pakistan|پاکستان; PL Poland|Polska; PM Saint Pierre and Miquelon
PN Pitcairn; PR Puerto Rico; PS Palestine|State of Palestine; PT Portugal; PW Palau; PY Paraguay; QA Qatar|قطر
RE Réunion; RO Romania|România; RS Serbia|Srbija|Србија; RU Russia|Russian Federation|Россия|Российская Федерация
RW Rwanda; SA Saudi Arabia|KSA|المملكة العربية السعودية|السعودية; SB Solomon Islands; SC Seychelles; SD Sudan
SE Sweden|Sverige; SG Singapore|新加坡; SH Saint Helena, Ascension and Tristan da Cunha|Saint Helena
SI Slovenia|Slovenija; SJ Svalbard and Jan Mayen; SK Slovakia|Slovensko|Slovak Republic; SL Sierra Leone
SM San Marino; SN Senegal|Sénégal; SO Somalia; SR Suriname; SS South Sudan
ST Sao Tome and Principe|São Tomé and Príncipe; SV El Salvador; SX Sint Maarten; SY Syria|Syrian Arab Republic
SZ Eswatini|Swaziland; TC Turks and Caicos Islands; TD Chad|Tchad; TF French Southern Territories; TG Togo
TH Thailand|ประเทศไทย; TJ Tajikistan; TK Tokelau; TL Timor-Leste|East Timor; TM Turkmenistan
TN Tunisia|Tunisie|تونس; TO Tonga; TR Türkiye|Turkey; TT Trinidad and Tobago; TV Tuvalu; TW Taiwan|臺灣|台灣|台湾
TZ Tanzania|United Republic of Tanzania; UA Ukraine|Україна; UG Uganda; UM United States Minor Outlying Islands
US United States|USA|U.S.A.|U.S.|United States of America|America|The United States|Estados Unidos|Vereinigte Staaten
UY Uruguay; UZ Uzbekistan|O'zbekiston; VA Holy See|Vatican City|Vatican; VC Saint Vincent and the Grenadines
VE Venezuela|Bolivarian Republic of Venezuela; VG British Virgin Islands|Virgin Islands, British
VI U.S. Virgin Islands|US Virgin Islands|Virgin Islands, U.S.; VN Vietnam|Viet Nam|Việt Nam; VU Vanuatu
WF Wallis and Futuna; WS Samoa; YE Yemen|اليمن; YT Mayotte; ZA South Africa|Republic of South Africa|Suid-Afrika
ZM Zambia; ZW Zimbabwe
"""


def _folded(text: str) -> str:
    """A name without case, accents and punctuation, as people leave them out."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    kept = (char for char in decomposed if char.isalnum() or char.isspace() or unicodedata.category(char) == "Mc")
    return " ".join("".join(kept).split())


def _names() -> Mapping[str, str]:
    entries = (entry.strip().partition(" ") for line in _TABLE.strip().splitlines() for entry in line.split(";"))
    return {_folded(name): code for code, _, names in entries for name in names.split("|")}


NAMES: Mapping[str, str] = MappingProxyType(_names())
COUNTRIES = frozenset(NAMES.values())


def country_code(text: str) -> str | None:
    """The two-letter code that a text holds or names; None where it does neither."""
    code = text.strip().upper()
    return code if code in COUNTRIES else NAMES.get(_folded(text))


@dataclass(frozen=True, kw_only=True)
class Countries:
    """How one organisation calls countries: its own names first, then those that everybody knows.

    `names` maps a name to its code; the first name of a code is the one that is written, else the code itself.
    """

    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def _own(self) -> Mapping[str, str]:
        return {_folded(name): code for name, code in reversed(list(self.names.items()))}

    def code(self, text: str) -> str | None:
        return self._own.get(_folded(text)) or country_code(text)

    def called(self, code: str) -> str:
        """What to write for a code, or for a text that is none."""
        return next((name for name, known in self.names.items() if known == code), code)


USUAL = Countries()
