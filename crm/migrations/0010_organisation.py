"""Who runs this system: the table and its one row, empty, which means "as the settings say"."""

import crm.validators
from django.db import migrations, models


def create_row(apps, schema_editor):
    apps.get_model("crm", "Organisation").objects.get_or_create(pk=1)


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0009_contacts_can_be_erased'),
    ]

    operations = [
        migrations.CreateModel(
            name='Organisation',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(blank=True, help_text='Stands at the head of pages and mails.', max_length=80, verbose_name='name of the organisation')),
                ('logo', models.FileField(blank=True, editable=False, max_length=200, upload_to='organisation/', verbose_name='logo')),
                ('sender_name', models.CharField(blank=True, help_text='Who the mails come from. Empty: the organisation.', max_length=80, verbose_name='name of the sender')),
                ('sender_address', models.EmailField(blank=True, help_text='Your mail server must be allowed to send for it.', max_length=254, verbose_name='address of the sender')),
                ('base_url', models.CharField(blank=True, help_text='Links in mails and invitations begin with it.', max_length=200, validators=[crm.validators.validate_base_url], verbose_name='address of this system')),
                ('currency', models.CharField(blank=True, help_text='Three capital letters (ISO 4217), for example EUR or CNY.', max_length=3, validators=[crm.validators.validate_currency], verbose_name='currency')),
                ('language', models.CharField(blank=True, choices=[('en', 'English'), ('zh-hans', 'Simplified Chinese')], max_length=10, verbose_name='language')),
                ('time_zone', models.CharField(blank=True, max_length=64, validators=[crm.validators.validate_time_zone], verbose_name='time zone')),
            ],
            options={
                'verbose_name': 'organisation',
                'verbose_name_plural': 'organisation',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='one_organisation')],
            },
        ),
        migrations.RunPython(create_row, migrations.RunPython.noop),
    ]
