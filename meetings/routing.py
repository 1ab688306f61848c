"""Which consumer answers which socket address."""

from django.urls import path

from meetings.consumers import RoomConsumer

websocket_urlpatterns = [
    path("ws/meetings/<uuid:public_id>/", RoomConsumer.as_asgi()),
]
