"""Invented names of people and companies. Any likeness to real ones is chance."""

CHINESE_FAMILY_NAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
CHINESE_GIVEN_NAMES = (
    "伟", "芳", "娜", "敏", "静", "磊", "洋", "艳", "勇", "杰", "涛", "明", "霞", "平", "桂英",
    "子涵", "浩然", "欣怡", "宇轩", "梓萱", "思远", "雨桐", "文博", "佳琪", "志强", "晓东",
    "丽华", "建国", "海燕", "慧敏",
)  # fmt: skip
EUROPEAN_GIVEN_NAMES = (
    "Anna", "Jonas", "Lena", "Paul", "Marie", "Felix", "Sofie", "Luca", "Emma", "Noah", "Clara",
    "Hugo", "Eva", "Milan", "Julia", "Oskar", "Nina", "Thomas", "Greta", "Pierre", "Camille",
    "Daan", "Sanne", "Marco", "Giulia", "Ines", "Karel", "Petra", "Aino", "Lars",
)  # fmt: skip
EUROPEAN_FAMILY_NAMES = (
    "Becker", "Vogt", "Lindner", "Hartmann", "Keller", "Brandt", "Moreau", "Lefebvre", "Girard",
    "de Vries", "Jansen", "Visser", "Bianchi", "Ricci", "Novák", "Svoboda", "Nieminen", "Olsen",
    "Berg", "Schuster", "Winter", "Sommer", "Aubert", "Mertens", "Peeters", "Fontana", "Kovács",
    "Lund", "Falk", "Horn",
)  # fmt: skip

# (name, domain, ISO 3166 code of its region, customer group)
COMPANIES = (
    ("上海申和门诊", "shenhe-clinic.example", "CN-SH", "Clinics"),
    ("广州岭南医院", "lingnan-hospital.example", "CN-GD", "Hospitals"),
    ("北京朝晖体检中心", "zhaohui-checkup.example", "CN-BJ", "Clinics"),
    ("深圳南山康复院", "nanshan-rehab.example", "CN-GD", "Clinics"),
    ("杭州西溪医院", "xixi-hospital.example", "CN-ZJ", "Hospitals"),
    ("苏州平江宠物医院", "pingjiang-vet.example", "CN-JS", "Veterinary practices"),
    ("上海静安兽医诊所", "jingan-vet.example", "CN-SH", "Veterinary practices"),
    ("南京金陵代理", "jinling-trade.example", "CN-JS", "Dealers"),
    ("广州珠江器械", "zhujiang-med.example", "CN-GD", "Dealers"),
    ("Praxis am Fluss", "praxis-am-fluss.example", "DE-BE", "Clinics"),
    ("Klinikum Nordheide", "klinikum-nordheide.example", "DE-HH", "Hospitals"),
    ("Tierarztpraxis Lindenhof", "tierarzt-lindenhof.example", "DE-BY", "Veterinary practices"),
    ("Isar Medizintechnik", "isar-medizintechnik.example", "DE-BY", "Dealers"),
    ("Clinique du Vieux Moulin", "vieux-moulin.example", "FR", "Clinics"),
    ("Hôpital Saint-Brieuc Est", "hopital-est.example", "FR", "Hospitals"),
    ("Dierenkliniek De Meent", "dierenkliniek-demeent.example", "NL", "Veterinary practices"),
    ("Polder Medical Supply", "polder-medical.example", "NL", "Dealers"),
    ("Poliklinik Vltava", "poliklinik-vltava.example", "CZ", "Clinics"),
)

OCCUPATIONS = (
    "Physician", "Head of purchasing", "Sonographer", "Practice owner", "Veterinarian",
    "Sales representative", "Hospital director", "Nurse", "Engineer",
)  # fmt: skip
INTERESTS = (
    "cardiology",
    "obstetrics",
    "emergency",
    "veterinary",
    "training",
    "service",
    "leasing",
    "imaging",
)
BUYING_HABITS = ("often", "sometimes", "seldom")
INCOME_BANDS = ("under 50k", "50k to 100k", "100k to 200k", "over 200k")
