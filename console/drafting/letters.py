"""In which encoding the text of a sample is, where it is none of the usual ones: by words in its header."""

from __future__ import annotations

from services.data_watcher.adapters.reading import encodings

_START = 4096
# Words of headers and stamps, by the encoding that its country's programs write.
_WORDS = {
    "cp932": "日時 年月日 時刻 発電 電力 日射 気温 外気温 時間 出力",
    "gb18030": "时间 日期 功率 辐照 温度 发电 电站 逆变器 电量",
    "big5": "時間 日期 功率 日照 溫度 發電 電廠 電量",
    "cp949": "시간 일시 날짜 발전 전력 일사 온도 출력",
    "cp1251": "Дата Время Мощность Выработка Энергия Температура дата время мощность",
    "cp1253": "Ημερομηνία Ώρα Ισχύς Ενέργεια",
    "cp1250": "Výkon výkon Čas čas Moc Wytworzona Napięcie Počet Teljesítmény Idő",
}
_LEAST = 1  # words


def text(data: bytes) -> str:
    """Return a text as its own words show it to be; one that shows none of them, as the reader does."""
    usual = bytes(encodings.utf8(data)).decode("utf-8-sig", errors="replace")
    try:
        data[:_START].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < min(len(data), _START) - 4:  # not a letter that is cut
            return _of_others(data) or usual
    return usual


def _of_others(data: bytes) -> str | None:
    counts = {each: _known(data, each) for each in _WORDS}
    best = max(counts, key=lambda each: counts[each])
    return data.decode(best, errors="replace") if counts[best] >= _LEAST else None


def _known(data: bytes, encoding: str) -> int:
    start = data[:_START].decode(encoding, errors="replace")
    return sum(each in start for each in _WORDS[encoding].split())
