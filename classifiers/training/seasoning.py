"""Short English comments to a council, made from parts: what the open sets do not teach.

Swearing at things, denying, quoting and fierce criticism are not abuse; threats in plain words
are.  The parts were written for this project and come from no published test suite.
"""

# ruff: noqa: E501 - tables of parts

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

Answers = tuple[int | None, int | None, int | None]

THINGS = (
    "the bins", "this pothole", "the website", "your phone line", "the parking machine", "this weather", "the road",
    "that roundabout", "the planning portal", "the council tax bill", "the bus", "the swimming pool", "the traffic",
    "the new signs", "the recycling app", "the pavement", "these roadworks", "the rain", "this form", "the booking system",
)  # fmt: skip
CURSES = (
    "is shit", "is fucking useless", "is a bloody joke", "is absolute crap", "is a pile of shite", "is fucked again",
    "has gone to shit", "is bollocks", "is a fucking disgrace", "can piss off", "is driving me fucking mad", "is wank",
    "ffs", "is a load of balls", "still not bloody fixed ffs", "is knackered, for fuck's sake",
)  # fmt: skip
PEOPLE = (
    "you", "you lot", "that councillor", "the councillor", "your chief exec", "the bin men", "the woman on reception",
    "that planning officer", "the traffic warden", "whoever runs this page", "the mayor", "your housing officer",
)  # fmt: skip
INSULTS = (
    "fucking idiots", "a useless bitch", "a pathetic little man", "absolute scum", "a fat lazy cow", "a waste of oxygen",
    "a thick bastard", "brainless morons", "a bunch of clowns", "thieving parasites", "a smug prick", "a vile old hag",
    "total twats", "corrupt pigs", "a spineless worm", "a disgusting human being", "too stupid to breathe", "rats",
)  # fmt: skip
THREATS = (
    "I know where you live", "I will be waiting for you outside", "you'd better watch your back", "someone should shoot the lot of you",
    "I'll burn your office down", "I am going to smash your face in", "next time I see you I'll break your legs",
    "you will regret this when I find you", "I hope somebody stabs you", "I'll kill the next warden who tickets me",
    "your car won't have windows tomorrow", "I know which school your kids go to", "come to my door and you won't walk away",
    "one of you is going to get hurt and it will be me doing it", "I'm coming down there with a bat", "you're dead",
    "we'll see how brave you are when I turn up at your house", "accidents happen to people like you",
    "somebody should put petrol through her letterbox", "I'll slit your throat",
)  # fmt: skip
CRITICISM = (
    "I am furious with how the council has handled this", "what a shambles, nobody takes responsibility",
    "this decision is wrong and I will be voting against it", "absolutely disgusted with the service",
    "useless service as always", "the cuts will kill the high street", "that junction is going to kill someone",
    "you should be ashamed of this decision", "the worst run service in Wales", "complete waste of taxpayers' money",
    "I will be taking this to the ombudsman", "I'm dying to know when the pool reopens", "I could murder a cup of tea after that queue",
    "my back is killing me from lifting these boxes", "the councillor should resign over this vote", "shoot me an email please",
    "fight for our library", "we will fight this closure all the way", "the lights were shot out by the storm",
    "the fireworks were killer", "the dog attacked my cat, who do I report it to", "this is an attack on rural communities",
)  # fmt: skip
GENTLE = (
    "please can you tell me when the bins are collected", "thank you to the team who cleared the road",
    "is the library open on Monday", "the street light on our road is out", "where do I apply for a blue badge",
    "lovely display of flowers in the park", "who do I contact about a missed collection", "great news for the town",
    "my mother is disabled and needs a ramp", "the mosque is holding an open day on Saturday", "as a gay man I felt welcome at the event",
    "Polish families in our street have been great neighbours", "I am a Muslim woman and a school governor",
    "my black friend was stopped twice, is there a complaints process", "the Traveller site needs a water supply",
    "she is a Jewish councillor", "Welsh speakers deserve a service in Welsh", "English and Welsh both on the sign please",
    "refugees welcome", "women's football on the astro tonight", "is the changing place accessible for wheelchair users",
)  # fmt: skip
HARMLESS = (
    "Scunthorpe", "Penistone", "Cockermouth", "Shitterton", "Sussex", "Essex", "Middlesex", "Dickens", "Hancock", "Alcock",
    "the assistant", "the class", "the cockpit", "the cocktail bar", "the shuttlecock", "the assessment", "the bassist",
    "Arsenal", "the parsnips", "the titmouse", "the bluetit", "the bass", "peacocks", "the pussycat", "Clitheroe", "Wankel",
)  # fmt: skip
CONCERNING = (
    "I live in {}", "we drove to {} and back", "is {} open on Sunday", "the bus to {} was late", "thanks for the news about {}",
    "who do I ask about {}", "{} was lovely at the weekend", "the road by {} is flooded", "please do something about {}",
)  # fmt: skip
WELSH_NEUTRAL = (
    "Croeso i {} yn ein tref ni", "Mae {} yn gymdogion da", "Diolch i {} am eu gwaith", "Mae {} yn haeddu gwell gan y cyngor",
    "Roedd {} yn y cyfarfod neithiwr", "Mae sesiwn i {} yn y llyfrgell ddydd Llun", "Mae {} yn byw ar ein stryd ni",
    "Oes grŵp i {} yn y dref?", "Holodd {} am y bws", "Mae {} wedi agor siop newydd",
)  # fmt: skip
WELSH_GROUPS = (
    "ffoaduriaid", "Mwslimiaid", "Iddewon", "pobl hoyw", "pobl draws", "pobl anabl", "Pwyliaid", "Saeson", "siaradwyr Cymraeg",
    "menywod", "teithwyr", "pobl ifanc", "teuluoedd o Syria", "mewnfudwyr",
)  # fmt: skip
WELSH_FALSE_FRIENDS = (
    "Moron a thatws i swper heno", "Cawl moron yn y caffi heddiw", "Mae moron y fferm yn flasus iawn", "Dau gilo o foron, plis",
    "Mae gast ddefaid ar goll ger y parc", "Collwyd gast ddu, rhowch wybod", "Mae'r drws coch wedi torri", "Cot goch ar goll yn y pwll",
    "Ychydig o ffa a moron yn yr ardd", "Mae'r hwch a'r moch yn y cae", "Ci bach annwyl ar y traeth", "Dic ydy enw'r gofalwr newydd",
    "Ras gychod ar y llyn ddydd Sul", "Mae cach ci ar y palmant eto",
)  # fmt: skip
QUOTED = (
    'someone shouted "{}" at my son on the bus, who do I report it to', 'there is graffiti saying "{}" by the school, please remove it',
    'being called "{}" at work is not acceptable', 'he called her "{}" and nobody did anything', "please stop writing {} on this page",
    'I was called "{}" by another customer', "nobody should have to hear {} from a stranger",
)  # fmt: skip
DENIED = (
    "they are not {}", "nobody said you are {}", "I don't think she is {}", "I would never call anyone {}", "he is hardly {}",
)  # fmt: skip
ENDS = ("", "", "", "!", " 😡", " again", " smh", " and it's been three weeks", " honestly", ", sort it out")
HATE = (
    "go back where you came from", "send the lot of them home", "those people breed like rats", "they are all rapists",
    "they don't belong in this county", "gas them", "vermin the lot of them", "they should be locked up just for being that",
    "not real humans", "dirty and they bring disease", "keep them away from our kids",
)  # fmt: skip
GROUPS = (
    "immigrants", "Muslims", "gypsies", "gays", "the disabled", "Poles", "Jews", "asylum seekers", "trans people", "the Welsh",
    "the English", "black families", "Welsh speakers", "Syrians", "Romanians",
)  # fmt: skip


def council_rows(dice: random.Random, of_each: int = 400) -> Iterator[tuple[str, Answers]]:
    """Texts with their answers (abuse, hate, threat); at most `of_each` per kind, drawn by `dice`."""
    be = {"you": "are", "you lot": "are", "the bin men": "are"}
    yes, no = (1, 0, 0), (0, 0, 0)
    kinds: list[tuple[list[str], Answers]] = [
        ([f"{thing} {curse}{end}" for thing, curse, end in product(THINGS, CURSES, ENDS)], no),
        ([f"{who} {be.get(who, 'is')} {what}{end}" for who, what, end in product(PEOPLE, INSULTS, ENDS)], yes),
        ([f"{threat}{end}" for threat, end in product(THREATS, ENDS)] * 2, (1, 0, 1)),
        ([f"{said}{end}" for said, end in product(CRITICISM, ENDS)] * 2, no),
        ([f"{said}{end}" for said, end in product(GENTLE, ENDS)], no),
        ([frame.format(what) for frame, what in product(QUOTED, (*INSULTS, *THREATS))], no),
        ([frame.format(what) + end for frame, what, end in product(DENIED, INSULTS, ENDS)], no),
        ([f"{who}, {what}{end}" for who, what, end in product(GROUPS, HATE, ENDS)], (1, 1, 0)),
        ([f"{who} {what}" for who, what in product(GROUPS, ("live on our street", "run the shop", "are welcome here",
          "deserve better from the council", "came to the meeting", "asked about the bus", "are good neighbours", "need a ramp at the library", "have an open day on Saturday",
          "and their neighbours cleaned the beach", "wrote to the council about the road", "play in the park on Sundays"))] * 2, no),
        ([frame.format(what) + end for frame, what, end in product(CONCERNING, HARMLESS, ENDS)], no),
        ([frame.format(who) + end for frame, who, end in product(WELSH_NEUTRAL, WELSH_GROUPS, ("", "!", " 😊"))], no),
        ([said + end for said, end in product(WELSH_FALSE_FRIENDS * 2, ("", "!", ".", " 🙂", " diolch"))], no),
    ]  # fmt: skip
    for texts, answers in kinds:
        for text in dice.sample(texts, min(of_each, len(texts))):
            yield (text.capitalize() if dice.random() < 0.5 else text), answers


WHO = (
    "Muslim", "Jewish", "Christian", "gay", "straight", "transgender", "disabled", "deaf", "black", "white", "Polish", "Welsh",
    "English", "Romany", "elderly", "young", "Hindu", "autistic", "Irish", "Syrian",
)  # fmt: skip
PWY = (
    "Mwslimaidd", "Iddewig", "Cristnogol", "hoyw", "trawsryweddol", "anabl", "byddar", "du", "gwyn", "Pwylaidd", "Cymreig",
    "Seisnig", "ifanc", "oedrannus", "awtistig", "Gwyddelig",
)  # fmt: skip
BEING = (
    "I am a {} resident of this county", "a {} family moved in next door", "my {} colleague helped me", "two {} girls won the prize",
    "our {} neighbour runs the shop", "where do {} pupils pray", "my father is {} and uses the bus", "the {} doctor was kind",
    "a {} teacher wrote to me", "the club for {} people meets on Friday", "some {} men mended the wall",
)  # fmt: skip
BOD = (
    "Mae teulu {} yn byw drws nesa", "Dw i'n berson {} o'r sir yma", "Daeth dynes {} i'r drws gyda chacen", "Mae'r clwb i bobl {} nos Wener",
    "Helpodd dyn {} fi gyda'r bagiau", "Mae fy nhad yn {} ac yn dal y bws", "Roedd y meddyg {} yn garedig", "Oes lle i blant {} yn y clwb?",
)  # fmt: skip


MANY = (
    "refugees", "students", "pensioners", "farmers", "Muslims", "Christians", "Welsh speakers", "English people", "gay people",
    "wheelchair users", "Travellers", "Poles", "women", "men", "Jews", "asylum seekers", "nurses", "cyclists", "Hindus",
)  # fmt: skip
LLAWER = (
    "ffoaduriaid", "myfyrwyr", "pensiynwyr", "ffermwyr", "Mwslimiaid", "Cristnogion", "siaradwyr Cymraeg", "Saeson", "pobl hoyw",
    "Teithwyr", "Pwyliaid", "menywod", "dynion", "Iddewon", "ceiswyr lloches", "nyrsys", "beicwyr",
)  # fmt: skip
TOGETHER = (
    "we met {} at the market and had a lovely chat", "{} run a stall by the bridge", "I have worked with {} for years",
    "a bus full of {} stopped at the castle", "the choir of {} sang beautifully", "where do {} get help with the form",
    "there are {} on the committee now", "{} live near the park", "the report is about {}", "my children play with {}",
)  # fmt: skip
GYDAGILYDD = (
    "Cwrddon ni â {} yn y farchnad", "Mae {} yn byw wrth y parc", "Dw i wedi gweithio gyda {} ers blynyddoedd",
    "Canodd côr o {} yn hyfryd", "Mae {} ar y pwyllgor nawr", "Adroddiad am {} yw hwn", "Ble mae {} yn cael help gyda'r ffurflen?",
)  # fmt: skip


def swapped_rows(dice: random.Random) -> Iterator[str]:
    """Everyday sentences about people of every kind: nothing about any of them for being who they are."""
    for frames, words in ((BEING, WHO), (BOD, PWY), (TOGETHER, MANY), (GYDAGILYDD, LLAWER)):
        for frame, word in product(frames, words):
            text = frame.format(word)
            yield text if dice.random() < 0.5 else text.lower()
