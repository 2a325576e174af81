"""Pages: the reference of the API, and the webhooks of a company."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vitalfew.web.api import endpoints
from vitalfew.web.api.events import EVENTS
from vitalfew.web.api.models import STATES, Delivery, Endpoint
from vitalfew.web.api.reference import reference as told
from vitalfew.web.shell.access import Visit, page, public

SHOWN = 50


@public
def reference(request: HttpRequest) -> HttpResponse:
    """Every operation of the API, from its description."""
    return render(request, "api/reference.html", {"reference": told()})


class EndpointForm(forms.Form):
    """An endpoint as people write it."""

    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=1000,
        help_text=gettext_lazy("It begins with https:// and can be reached from the internet."),
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("Tell it when"), choices=list(EVENTS.items()), widget=forms.CheckboxSelectMultiple
    )
    active = forms.BooleanField(label=gettext_lazy("Active"), required=False, initial=True)

    def faulty(self, invalid: endpoints.Invalid) -> None:
        """Show what is wrong beside the fields."""
        for name, fault in invalid.faults.items():
            self.add_error(name, fault)


@page("webhooks.manage")
def webhooks(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The endpoints of the company, and a form for another one."""
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = endpoints.add(visit, form.cleaned_data["url"], form.cleaned_data["events"], form.cleaned_data["active"])
        except endpoints.Invalid as invalid:
            form.faulty(invalid)
        else:
            messages.success(request, _("The webhook has been added. Copy its secret, then send a test."))
            return _shown_once(request, visit, made)
    counted = Endpoint.objects.filter(company=visit.company).annotate(dead=Count("deliveries", Q(deliveries__state="dead")))
    listed = list(counted.order_by("made_at", "id"))
    latest = {
        each.endpoint_id: each
        for each in Delivery.objects.filter(
            pk__in=Delivery.objects.filter(endpoint__in=listed).values("endpoint").annotate(last=Max("pk")).values("last")
        )
    }
    return render(request, "api/webhooks.html", {"form": form, "endpoints": [(each, latest.get(each.pk)) for each in listed]})


@page("webhooks.manage")
def webhook(request: HttpRequest, visit: Visit, endpoint: UUID) -> HttpResponse:
    """One endpoint: its settings and what was sent."""
    found = _found(visit, endpoint)
    form = EndpointForm({"url": found.url, "events": found.events, "active": found.active})
    if request.method == "POST":
        form = EndpointForm(request.POST)
        if request.POST.get("version") != str(found.version):
            messages.error(request, _("Somebody changed this webhook in the meantime. Look at it and change it again."))
            return redirect("api:webhook", visit.company.slug, found.pk)
        if form.is_valid():
            try:
                endpoints.change(visit, found, form.cleaned_data["url"], form.cleaned_data["events"], form.cleaned_data["active"])
            except endpoints.Invalid as invalid:
                form.faulty(invalid)
            except endpoints.Changed:
                messages.error(request, _("Somebody changed this webhook in the meantime. Look at it and change it again."))
                return redirect("api:webhook", visit.company.slug, found.pk)
            else:
                messages.success(request, _("The webhook has been changed."))
                return redirect("api:webhook", visit.company.slug, found.pk)
    state = request.GET.get("state", "")
    deliveries = Delivery.objects.filter(endpoint=found, **({"state": state} if state in STATES else {}))
    secret = request.session.pop(_secret_key(found), None)
    context = {
        "form": form,
        "endpoint": found,
        "deliveries": deliveries[:SHOWN],
        "all": deliveries.count(),
        "shown": SHOWN,
        "state": state if state in STATES else "",
        "states": STATES.items(),
        "secret": secret,
    }
    return render(request, "api/webhook.html", context)


@page("webhooks.manage")
def act(request: HttpRequest, visit: Visit, endpoint: UUID, what: str) -> HttpResponse:
    """Test, renew the secret, or remove."""
    found = _found(visit, endpoint)
    if what not in ("test", "secret", "remove"):
        raise Http404
    if request.method != "POST":
        return redirect("api:webhook", visit.company.slug, found.pk)
    try:
        if what == "test":
            endpoints.try_out(visit, found)
            messages.success(request, _("A test is on its way. Reload the page in a few seconds to see the answer."))
        elif what == "secret":
            messages.success(request, _("The old secret is void. Copy the new one."))
            return _shown_once(request, visit, endpoints.renew(visit, found))
        else:
            endpoints.remove(visit, found)
            messages.success(request, _("The webhook has been removed."))
            return redirect("api:webhooks", visit.company.slug)
    except endpoints.Changed:
        messages.error(request, _("Somebody changed this webhook in the meantime. Look at it and change it again."))
    return redirect("api:webhook", visit.company.slug, found.pk)


@page("webhooks.manage")
def redeliver(request: HttpRequest, visit: Visit, endpoint: UUID, delivery: UUID) -> HttpResponse:
    """Send a delivery once more."""
    found = get_object_or_404(Delivery, endpoint=_found(visit, endpoint), key=delivery)
    if request.method == "POST":
        endpoints.redeliver(visit, found)
        messages.success(request, _("It will be sent once more in a few seconds."))
    return redirect("api:webhook", visit.company.slug, endpoint)


def _found(visit: Visit, key: UUID) -> Endpoint:
    return get_object_or_404(Endpoint.objects.select_related("company"), company=visit.company, pk=key)


def _shown_once(request: HttpRequest, visit: Visit, endpoint: Endpoint) -> HttpResponse:
    """To the page of the endpoint, which shows the secret this once."""
    request.session[_secret_key(endpoint)] = endpoint.secret
    return redirect("api:webhook", visit.company.slug, endpoint.pk)


def _secret_key(endpoint: Endpoint) -> str:
    return f"webhook-secret-{endpoint.pk}"
