"""Comments with planted themes: twelve complaints and three kinds of praise, in English and Portuguese, as people write them."""

from __future__ import annotations

import random
from dataclasses import dataclass

# For each theme its ways of saying it; {a|b} is a choice.
ENGLISH: dict[str, list[str]] = {
    "late delivery": [
        "{my|the|our} {parcel|order|delivery|package} {arrived|came} {two|three|four} {days|weeks} late",
        "delivery was {late|delayed} again, {promised|it was due} on {monday|friday} and {came|delivered} a week later",
        "the {order|delivery} is always late, nobody {tells|told} us when the {parcel|package} will arrive",
    ],
    "wrong bill": [
        "the {invoice|bill} was {wrong|incorrect}, we were charged {twice|too much}",
        "{another|yet another} {billing|invoice} {error|mistake}, the amount on the {invoice|bill} does not match our contract",
        "I had to ask {twice|three times} for a corrected {invoice|bill}",
    ],
    "rude staff": [
        "the {agent|person} on the phone was {rude|impolite} to me",
        "{very|really} unfriendly {staff|agent}, she {hung up|shouted at me}",
        "your {staff|people} treat customers with no respect, so rude",
    ],
    "login": [
        "I {cannot|can not} log in, the password reset {email|mail} never {comes|arrives}",
        "the login {page|screen} {rejects|refuses} my password every {day|morning}",
        "locked out of my account, password reset does not work",
    ],
    "slow website": [
        "the {website|portal|site} is {slow|painfully slow}, pages take {ages|minutes} to load",
        "{website|portal} pages load slowly and {time out|freeze}",
        "the portal {hangs|freezes} and is slow to load {every afternoon|at month end}",
    ],
    "damaged goods": [
        "the {box|carton} was {crushed|torn} and the {goods|parts} inside were {damaged|broken}",
        "{two|several} {items|units} arrived damaged because of {bad|poor} packaging",
        "poor packaging again, broken {glass|parts|items} in the box",
    ],
    "price": [
        "your prices went up {ten|twenty} percent, {too expensive|far too expensive} now",
        "the price increase is hard to {justify|explain}, competitors are cheaper",
        "{too|far too} expensive compared with {others|competitors}, the price is not fair",
    ],
    "no answer": [
        "I {waited|was on hold} {forty|fifty} minutes on hold before somebody {answered|picked up} the phone",
        "nobody answers the {phone|hotline}, on hold for {an hour|ages}",
        "support hotline: {endless|long} hold music and no one picks up the phone",
    ],
    "missing manual": [
        "the {manual|documentation} is {outdated|missing}, no instructions for {setup|installation}",
        "installation instructions are {confusing|unclear}, the manual does not cover {it|our model}",
        "please write a {better|proper} manual, setup instructions are missing",
    ],
    "returns": [
        "still no refund for the goods we {returned|sent back} {weeks|a month} ago",
        "the return process is {complicated|a maze}, the refund takes {months|weeks}",
        "I sent it back in {march|april} and the refund has not been paid",
    ],
    "crashes": [
        "the app crashes {every time|whenever} I open a {report|dashboard}",
        "software {crashed|crashes} after the last update and we lost {data|work}",
        "since the update the app {keeps crashing|crashes daily}",
    ],
    "stock": [
        "the {part|item} is out of stock {again|for months}",
        "half of what we need is {never|not} in stock, spare parts unavailable",
        "out of stock once more, no date when the {part|item} will be available",
    ],
}
ENGLISH_PRAISE: dict[str, list[str]] = {
    "friendly people": [
        "{very|really} friendly and helpful {staff|agent}, great {service|people}",
        "the {agent|person} I spoke to was {wonderful|so helpful}, thank you",
    ],
    "quick delivery": [
        "{fast|quick} delivery, arrived {a day|two days} {early|ahead of time}",
        "delivery was {fast|prompt}, great",
    ],
    "good product": ["excellent quality, the product works {perfectly|really well}", "{great|excellent} product, love the quality"],
}
PORTUGUESE: dict[str, list[str]] = {
    "atraso": [
        "{a entrega|o pedido|a encomenda} {atrasou|chegou atrasado} {duas|três} semanas",
        "entrega {muito|sempre} atrasada, passou do prazo {prometido|combinado}",
        "o prazo de entrega não foi cumprido, atrasou {de novo|outra vez}",
    ],
    "fatura": [
        "a fatura veio {errada|com valor errado}, cobraram {duas vezes|a mais}",
        "erro de cobrança na fatura {de novo|deste mês}",
        "cobrança indevida, já pedi {duas|três} vezes a correção da fatura",
    ],
    "atendimento": [
        "a atendente foi {grossa|mal educada} comigo ao telefone",
        "atendimento {péssimo|horrível}, o atendente foi mal educado",
        "falta de educação do atendente, péssimo atendimento",
    ],
    "senha": [
        "não consigo entrar no sistema, a senha {não funciona|expirou}",
        "o e-mail para trocar a senha nunca {chega|vem}",
        "minha senha foi bloqueada e não consigo {entrar|acessar}",
    ],
    "defeito": [
        "o produto {veio|chegou} {quebrado|danificado}, a caixa estava {amassada|rasgada}",
        "caixa amassada e {peças quebradas|produto danificado}",
        "embalagem ruim, o produto chegou {quebrado|com defeito}",
    ],
    "preco": [
        "o preço {subiu|aumentou} muito, está caro demais",
        "muito caro em comparação com {outros|a concorrência}",
        "preço alto, {o concorrente|a concorrência} vende mais barato",
    ],
    "reembolso": [
        "devolvi o produto e ainda não recebi o reembolso",
        "quero meu dinheiro de volta, o reembolso {demora|não sai}",
        "pedi o estorno há {um mês|dois meses} e não devolveram o dinheiro",
    ],
    "aplicativo": [
        "o aplicativo trava {toda hora|sempre que abro um relatório}",
        "depois da atualização o aplicativo {fecha sozinho|trava}",
        "o aplicativo está lento e trava {muito|todo dia}",
    ],
}
PORTUGUESE_PRAISE: dict[str, list[str]] = {
    "rapida": ["entrega {rápida|muito rápida}, chegou antes do prazo", "chegou {bem|muito} antes do prazo, ótimo"],
    "bom": ["produto {excelente|ótimo}, recomendo", "{adorei|gostei muito do} produto, ótima qualidade"],
}
_OPENINGS = {
    "en": ["", "", "", "Honestly, ", "Hello, ", "Again: ", "Just a note: "],
    "pt": ["", "", "", "Olá, ", "Infelizmente ", "Boa tarde, "],
}
_CLOSINGS = {
    "en": ["", "", "", ".", "!", ". Please look into it.", " ..."],
    "pt": ["", "", "", ".", "!", ". Por favor resolvam.", " ..."],
}


@dataclass(frozen=True)
class Planted:
    """One comment, the theme planted in it, and whether that is praise."""

    text: str
    theme: str
    praise: bool


def comments(count: int, seed: int, language: str = "en", praise: float = 0.25) -> list[Planted]:
    """`count` comments; themes have unequal sizes."""
    dice = random.Random(seed)
    bad, good = (ENGLISH, ENGLISH_PRAISE) if language == "en" else (PORTUGUESE, PORTUGUESE_PRAISE)
    weights = [1 / (1 + rank / 4) for rank in range(len(bad))]
    made = []
    for _ in range(count):
        praised = dice.random() < praise
        theme = dice.choice(list(good)) if praised else dice.choices(list(bad), weights)[0]
        text = _filled(dice, dice.choice((good if praised else bad)[theme]))
        made.append(Planted(dice.choice(_OPENINGS[language]) + text + dice.choice(_CLOSINGS[language]), theme, praised))
    return made


def _filled(dice: random.Random, template: str) -> str:
    while "{" in template:
        begin = template.index("{")
        end = template.index("}", begin)
        template = template[:begin] + dice.choice(template[begin + 1 : end].split("|")) + template[end + 1 :]
    return template
