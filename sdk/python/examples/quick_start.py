"""Buys the cheapest air temperatures near New York, and prints them.

Usage: quick_start.py NODE FOLDER, with the phrase of the account in MSEC_PHRASE.
"""

import asyncio
import os
import sys
from pathlib import Path

from msec_sdk import Account, Market, parse_amount


async def quick_start(node: str, folder: Path, account: Account) -> None:
    async with Market(node, account) as market:
        offers = await market.search(
            kind="air-temperature", place="dr5x", max_price=parse_amount("5")
        )
        if not offers:
            raise SystemExit("nothing is on offer")

        # The secret of the purchase opens what is bought: keep it before you pay.
        purchase = market.prepare(offers[0])
        purchase.save(folder / f"{purchase.order}.json")
        await market.buy(purchase)
        await market.wait_for_key(purchase)

        # Fetched, decrypted, and compared with what the seller committed to, chunk by chunk.
        async for part in market.fetch_tables(purchase):
            print(part.text, end="")
        await market.confirm(purchase.order)


if __name__ == "__main__":
    buyer = Account.from_uri(os.environ["MSEC_PHRASE"])
    asyncio.run(quick_start(sys.argv[1], Path(sys.argv[2]), buyer))
