"""One template for each of the four kinds, so that planning starts with sensible defaults."""

from django.db import migrations


def _item(english, chinese, minutes):
    return {"title": {"en": english, "zh-hans": chinese}, "duration_min": minutes}


TEMPLATES = [
    {
        "kind": "launch",
        "name": "Product launch",
        "duration_min": 60,
        "capacity": 500,
        "visibility": "public",
        "has_lobby": False,
        "recording_policy": "optional",
        "weights": {"attendance": "0.4", "interaction": "0.3", "satisfaction": "0.3"},
        "agenda": [
            _item("Welcome", "欢迎", 5),
            _item("Presentation", "产品介绍", 30),
            _item("Demonstration", "现场演示", 15),
            _item("Questions", "问答", 10),
        ],
    },
    {
        "kind": "research",
        "name": "Market research",
        "duration_min": 60,
        "capacity": 20,
        "visibility": "invitation",
        "has_lobby": True,
        "recording_policy": "optional",
        "weights": {"attendance": "0.3", "interaction": "0.5", "satisfaction": "0.2"},
        "agenda": [
            _item("Introduction", "开场介绍", 10),
            _item("Discussion", "讨论", 40),
            _item("Summary", "总结", 10),
        ],
    },
    {
        "kind": "partner",
        "name": "Partner meeting",
        "duration_min": 60,
        "capacity": 12,
        "visibility": "invitation",
        "has_lobby": True,
        "recording_policy": "never",
        "weights": {"attendance": "0.4", "interaction": "0.3", "satisfaction": "0.3"},
        "agenda": [
            _item("Update", "近况", 10),
            _item("Progress", "进展", 15),
            _item("Market", "市场", 20),
            _item("Proposal", "提案", 15),
        ],
    },
    {
        "kind": "training",
        "name": "Online training",
        "duration_min": 90,
        "capacity": 100,
        "visibility": "link",
        "has_lobby": False,
        "recording_policy": "optional",
        "weights": {"attendance": "0.5", "interaction": "0.2", "satisfaction": "0.3"},
        "agenda": [
            _item("Goals of the training", "培训目标", 10),
            _item("Lesson", "课程", 50),
            _item("Exercise", "练习", 20),
            _item("Questions", "问答", 10),
        ],
    },
]


def seed(apps, schema_editor):
    template_model = apps.get_model("meetings", "MeetingTemplate")
    for template in TEMPLATES:
        template_model.objects.get_or_create(
            kind=template["kind"], is_default=True, defaults=template
        )


def unseed(apps, schema_editor):
    names = [template["name"] for template in TEMPLATES]
    apps.get_model("meetings", "MeetingTemplate").objects.filter(
        name__in=names, is_default=True
    ).delete()


class Migration(migrations.Migration):
    dependencies = [("meetings", "0001_meetings_and_seats")]

    operations = [migrations.RunPython(seed, unseed)]
