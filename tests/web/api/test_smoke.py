import pytest, json
from vitalfew.web.people import tokens
@pytest.fixture(autouse=True)
def quick(settings): settings.API_REQUESTS_A_MINUTE=10**6
def test_smoke(cast):
    from vitalfew.web.api.operations import OPERATIONS
    import time
    tok,secret = tokens.make(cast.members["owner"],"t","read-write",5)
    from django.test import Client
    c=Client()
    H={"Authorization":f"Bearer {secret}"}
    for p in ["companies","companies/northlight","companies/northlight/runs","companies/northlight/runs/current","companies/northlight/tables","companies/northlight/tables/people/rows?limit=2&total=true","companies/northlight/tables/people/rows?limit=2&nme=3&records__ge=x&order=foo","companies/northlight/issues?limit=1","companies/northlight/issues/issue:logistics/late-delivery","companies/northlight/why/issue:logistics/late-delivery","companies/northlight/search?q=late","companies/northlight/audit","companies/northlight/members","companies/other","companies/absent","openapi.json","zzz", "companies/northlight/tables/timeline/rows?limit=3&order=-value&format=ndjson"]:
        t=time.time()
        r=c.get("/api/v1/"+p, headers=H)
        print("\n##",p,r.status_code,round(time.time()-t,3),dict(r.headers).get("ETag"),r.content[:700].decode())
    r=c.post("/api/v1/companies",headers=H); print(r.status_code,r.content, r.headers)
