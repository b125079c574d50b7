#!/bin/sh
# Commands with the settings of the service: install -m 755 deploy/surveyapp.sh /usr/local/bin/surveyapp
# sudo -u surveyapp surveyapp doctor
set -a
. /etc/surveyapp.env
exec /opt/surveyapp/.venv/bin/surveyapp "$@"
