"""Sentences of the world in English and Chinese, each with several correct translations of known probability."""
from .events import english, happen, held_pair
from .tasks import build, once

NAME = dict(Anna="安娜", Beth="贝丝", Clara="克拉拉", Dora="多拉", Ella="埃拉", Grace="格蕾丝", Julia="朱莉娅", Kate="凯特",
            Adam="亚当", Carl="卡尔", George="乔治", Hugo="雨果", Jack="杰克", Leo="利奥", Paul="保罗", Tom="汤姆")
NOUN = dict(                                            # its measure word, then the noun
    key="把 钥匙", ball="个 球", hat="顶 帽子", book="本 书", cup="个 杯子", ring="枚 戒指", drum="面 鼓", lamp="盏 灯",
    kite="只 风筝", map="张 地图", coin="枚 硬币", flute="支 长笛", apple="个 苹果", box="个 盒子", pen="支 钢笔", doll="个 娃娃",
    rope="根 绳子", bell="个 铃铛", stone="块 石头", basket="个 篮子", dog="只 狗", cat="只 猫", bird="只 鸟", horse="匹 马",
    fish="条 鱼", rabbit="只 兔子")
LOOK = dict(red="红色 的", blue="蓝色 的", green="绿色 的", yellow="黄色 的", black="黑色 的", white="白色 的", brown="棕色 的",
            golden="金色 的", small="小", big="大", old="旧", new="新")
NUMBER = {"a": "一", "the": "那", "two": "两", "three": "三"}
PLACE = dict(garden="花园", kitchen="厨房", forest="森林", school="学校", market="市场", barn="谷仓", tower="高塔", cave="山洞",
             park="公园", library="图书馆", bakery="面包店")
TIME = {"yesterday": {"昨天": 1.}, "this morning": {"今天 早上": .7, "今早": .3}, "last night": {"昨晚": .6, "昨天 晚上": .4},
        "last week": {"上 周": .5, "上 星期": .5}, "on Monday": {"星期一": .6, "周一": .4}, "on Sunday": {"星期天": .6, "周日": .4}}
VERB = dict(gave={"给": .6, "送 给": .4}, sold={"卖 给": 1.}, bought={"买": 1.}, found={"找到": .7, "发现": .3},
            saw={"看见": .5, "看到": .5}, lost={"丢": .5, "弄 丢": .5})


def chinese(event):
    """A process that says an event in Chinese: tokens with spaces between them. Time before or after the subject, place before
    the verb, a measure word by noun; a definite thing that changes hands or is lost mostly moves before the verb, after 把."""
    measure = NOUN[event.noun].split()[0]
    if event.noun == "dog":
        measure = yield {"只": .6, "条": .4}
    thing = f"{NUMBER[event.number]} {measure} {LOOK[event.look]} {NOUN[event.noun].split()[1]}"
    recipient = NAME.get(event.recipient)
    fronted = (event.number == "the" and (recipient or event.verb == "lost")
               and (yield {True: .7, False: .3}))
    if event.verb == "showed":
        action = f"把 {thing} 给 {recipient} 看 了" if fronted else f"给 {recipient} 看 了 {thing}"
    elif fronted:
        verb = "弄 丢" if event.verb == "lost" else (yield VERB[event.verb])
        action = f"把 {thing} {verb} 了 {recipient or ''}".strip()
    else:
        action = f"{(yield VERB[event.verb])} 了 {recipient + ' ' if recipient else ''}{thing}"
    time, agent = (yield TIME[event.time]), NAME[event.agent]
    start = yield {f"{time} {agent}": .4, f"{agent} {time}": .6}
    return f"{start} 在 {PLACE[event.place]} 里 {action} 。"


def translations(n, seed=0, split="train", into="chinese"):
    """`n` pairs (English, Chinese), or with into="english" (Chinese, English): tokens with a space between two of them.

    Returns a `Task`: `.answers` holds every correct translation with its probability, `.optimum` is the exact entropy in nats
    a target sentence (its end is certain, so tokens share it as one likes). Train and test share no meaning. The compositional
    split has the pairs of look and noun that train never has ("red key"); each word occurs in train.
    ValueError for n < 1, an unknown split or language.
    """
    if into not in ("chinese", "english"):
        raise ValueError(f"into={into!r}: the languages are chinese and english")
    source, target = (english, chinese) if into == "chinese" else (chinese, english)

    def item(rng):
        event = once(happen, rng)
        return once(source, rng, event), event, held_pair(event.look, event.noun)
    return build(item, target, n, seed, split)
