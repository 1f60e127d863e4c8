"""Amounts of money, as people write them."""

import re

_DECIMALS = 12
_UNIT = 10**_DECIMALS
_LARGEST = 2**128 - 1


def parse_amount(text: str) -> int:
    """An amount in the smallest unit, from MSEC as people write them: `2.5`."""
    match = re.fullmatch(r"([0-9]+)(?:\.([0-9]*))?(?:\s*MSEC)?", text.strip())
    if match is None or len(match[2] or "") > _DECIMALS:
        raise ValueError(f"{text!r} is not an amount; write it like 2.5")
    amount = int(match[1]) * _UNIT + int((match[2] or "").ljust(_DECIMALS, "0"))
    if amount > _LARGEST:
        raise ValueError(f"{text} is more than there can be")
    return amount


def format_amount(amount: int) -> str:
    """An amount in the smallest unit as `2.5 MSEC`."""
    fraction = f"{amount % _UNIT:012}".rstrip("0")
    return f"{amount // _UNIT}{'.' if fraction else ''}{fraction} MSEC"
