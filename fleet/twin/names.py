"""Fictional names of streets and quarters, French and Arabic: plants, birds, land and trades, never a person."""

from __future__ import annotations

THINGS: tuple[tuple[str, str], ...] = (
    ("des Orangers", "البرتقال"),
    ("des Clémentines", "الكليمانتين"),
    ("des Amandiers", "اللوز"),
    ("des Oliviers", "الزيتون"),
    ("des Figuiers", "التين"),
    ("des Grenadiers", "الرمان"),
    ("des Palmiers", "النخيل"),
    ("des Cyprès", "السرو"),
    ("des Caroubiers", "الخروب"),
    ("du Jasmin", "الياسمين"),
    ("du Romarin", "إكليل الجبل"),
    ("du Thym", "الزعتر"),
    ("de la Menthe", "النعناع"),
    ("de la Lavande", "الخزامى"),
    ("des Roses", "الورد"),
    ("des Lauriers", "الدفلى"),
    ("des Hirondelles", "السنونو"),
    ("des Cigognes", "اللقلق"),
    ("des Huppes", "الهدهد"),
    ("des Perdrix", "الحجل"),
    ("des Faucons", "الصقور"),
    ("des Abeilles", "النحل"),
    ("de la Source", "العين"),
    ("du Puits", "البئر"),
    ("du Moulin", "الطاحونة"),
    ("des Potiers", "الفخارين"),
    ("des Tisserands", "النساجين"),
    ("des Menuisiers", "النجارين"),
    ("des Jardiniers", "البستانيين"),
    ("des Meuniers", "الطحانين"),
    ("de la Plaine", "السهل"),
    ("de la Colline", "التل"),
    ("du Ruisseau", "الساقية"),
    ("de la Brise", "النسيم"),
    ("de l'Aube", "الفجر"),
    ("du Soleil", "الشمس"),
    ("de la Lune", "القمر"),
    ("des Étoiles", "النجوم"),
    ("de la Pluie", "المطر"),
    ("du Printemps", "الربيع"),
)

ROADS: tuple[tuple[str, str], ...] = (
    ("des Vergers", "البساتين"),
    ("de la Moisson", "الحصاد"),
    ("des Deux Rives", "الضفتين"),
    ("du Marché aux Grains", "سوق الحبوب"),
    ("de l'Entente", "الوفاق"),
    ("de la Concorde", "الوئام"),
    ("du Grand Verger", "البستان الكبير"),
    ("des Remparts", "الأسوار"),
    ("de la Vallée", "الوادي"),
    ("de la Mer", "البحر"),
    ("des Norias", "النواعير"),
    ("de l'Espoir", "الأمل"),
)

QUARTERS: tuple[tuple[str, str], ...] = (
    ("Zitoune", "الزيتون"),
    ("Limoune", "الليمون"),
    ("Rommane", "الرمان"),
    ("Louz", "اللوز"),
    ("Nakhil", "النخيل"),
    ("Yasmine", "الياسمين"),
    ("Zaatar", "الزعتر"),
    ("Naanaa", "النعناع"),
    ("Ward", "الورد"),
    ("Bassatine", "البساتين"),
    ("Saquia", "الساقية"),
    ("Naoura", "الناعورة"),
    ("Tell", "التل"),
    ("Sahl", "السهل"),
    ("Nassim", "النسيم"),
    ("Fajr", "الفجر"),
    ("Chams", "الشمس"),
    ("Qamar", "القمر"),
    ("Noujoum", "النجوم"),
    ("Rabia", "الربيع"),
    ("Hadika", "الحديقة"),
    ("Amal", "الأمل"),
    ("Wiam", "الوئام"),
    ("Salam", "السلام"),
    ("Farah", "الفرح"),
    ("Baraka", "البركة"),
    ("Nour", "النور"),
    ("Hana", "الهناء"),
    ("Safa", "الصفاء"),
    ("Wafa", "الوفاء"),
    ("Laqlaq", "اللقلق"),
    ("Hodhod", "الهدهد"),
    ("Tahouna", "الطاحونة"),
    ("Fakhara", "الفخارة"),
    ("Marj", "المرج"),
    ("Ain", "العين"),
    ("Bir", "البئر"),
    ("Karma", "الكرمة"),
    ("Sidra", "السدرة"),
    ("Aarar", "العرعر"),
)


def name_road(number: int, *, main: bool) -> tuple[str, str]:
    """A through road's name in French and Arabic: a boulevard if it is a main one, else an avenue."""
    fr, ar = ROADS[number % len(ROADS)]
    return (f"Boulevard {fr}", f"شارع {ar} الكبير") if main else (f"Avenue {fr}", f"شارع {ar}")


def name_street(number: int, quarter: int) -> tuple[str, str]:
    """A small street's name: the first ones of a town have words, the others a number and their quarter."""
    if number % 3 == 0 and number // 3 < 2 * len(THINGS):
        turn, thing = divmod(number // 3, len(THINGS))
        fr, ar = THINGS[thing]
        return (f"Rue {fr}", f"زنقة {ar}") if turn == 0 else (f"Passage {fr}", f"ممر {ar}")
    fr, ar = name_quarter(quarter)
    return f"Rue {number}, {fr}", f"زنقة {number}، {ar}"


def name_quarter(quarter: int) -> tuple[str, str]:
    turn, place = divmod(quarter, len(QUARTERS))
    fr, ar = QUARTERS[place]
    return (f"Hay {fr}", f"حي {ar}") if turn == 0 else (f"Hay {fr} {turn + 1}", f"حي {ar} {turn + 1}")
