#!/usr/bin/env bash
# Plays a sale from beginning to end on this machine: a chain, a store, a key agent, an owner, a buyer,
# a gateway that proves what it is, and then everything that somebody dishonest might try.
#
# usage: scripts/demo.sh [FILE.csv]
#   FILE.csv   readings of your own instead of a month of weather measured in New York
set -euo pipefail
case "${1:-}" in
	-h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit ;;
esac
readings=$(realpath "${1:-$(dirname "$0")/../tests/data/jfk-2013-07.csv}")
[ -r "$readings" ] || { echo "demo: cannot read $readings" >&2; exit 2; }
cd "$(dirname "$0")/.."

# shellcheck source=scripts/demo/stage.sh
. scripts/demo/stage.sh
# shellcheck source=scripts/demo/devices.sh
. scripts/demo/devices.sh

build_programs --devices
set_stage

chapter '1. A chain, a store and a key agent'
open_market owner buyer cheat
admit stranger
say 'The operator, an owner, a buyer and a cheat have 1000 MSEC each; a stranger has nothing.'

chapter '2. The owner publishes'
make_dataset station
as owner publish station "$readings" | indent
dataset=$(json owner dataset show station | jq -r .dataset)
head -n 4 "$readings" | iconv -c -f UTF-8 -t ASCII//TRANSLIT | cut -c 1-120 >"$stage/sample.csv"
listing=$(json owner listing create station --kind weather --unit 1 --interval 1h --place dr5x1 \
	--licence CC0-1.0 --sample "$stage/sample.csv" --price 25 | jq -r .listing)
say "Listed for 25 MSEC as $listing"

chapter '3. What the store and the chain hold'
say "$(du -sh "$stage/store" | cut -f 1) of ciphertext, $(stat -c %s "$readings") bytes of readings went in. On chain, for all batches together:"
as owner dataset show station | grep -E 'batches|root' | indent
chapter '4. A buyer searches, buys, decrypts and verifies'
as buyer search --kind weather | indent
paid_before=$(balance owner)
order=$(json buyer buy "$listing" --wait | jq -r .order)
say "Order $order"
as buyer fetch "$order" -o "$stage/bought.csv" | indent
say "$(($(wc -l <"$stage/bought.csv") - 1)) rows were decrypted, every chunk checked against the chain. The first:"
head -n 3 "$stage/bought.csv" | cut -c 1-100 | indent
# The row as it was encrypted: what the buyer has, store and chain must not have, except in the sample.
probe=$(tail -n 1 "$stage/bought.csv")
[ -n "$probe" ] || fail 'nothing was bought'
if ! grep -qaF -- "$probe" "$stage/sample.csv" && grep -rqaF -- "$probe" "$stage/store" "$stage/chain"; then
	fail 'a reading is there in clear!'
fi
say 'The last of these rows, searched for in every file of store and chain: not found.'
as buyer plot "$stage/bought.csv" | indent
as buyer confirm "$order" >/dev/null
say "The buyer confirmed. The owner had $paid_before and has $(balance owner); the treasury took 2 parts in 100."
say 'Everybody sees what such data cost:'
as buyer prices --kind weather | indent

chapter '5. Supply meets demand'
demand=$(json buyer demand create --kind snow-depth --area dr5 --highest-price 8 | jq -r .demand)
say 'The buyer wants snow depths near New York, for 8 MSEC at most. The money is held:'
as buyer demand show "$demand" | grep -E 'kind|area|price|bought' | indent
wanted=$(json owner listing create station --kind snow-depth --unit cm --interval 1h --place dr5x1 \
	--licence CC0-1.0 --price 6 | jq -r .listing)
say 'The owner offers some for 6 and proposes the match, again and again until the offer has stood for five'
say 'blocks: nobody can raise a price to a visible bid and be bought at once.'
until_true 'match' as owner demand propose "$demand" "$wanted"
order=$(json buyer orders | jq -r --arg listing "$wanted" '.[] | select(.listing == $listing) | .order')
as buyer order wait "$order" | grep -E 'state|price' | indent
as buyer fetch "$order" -o "$stage/wanted.csv" | indent
as buyer confirm "$order" >/dev/null
say 'It cost 6, not 8; the rest of the budget is free again.'

chapter '6. A subscription, ended early with its refund'
# The first half of the readings is there already, the second comes while the subscription goes on.
half=$(($(wc -l <"$readings") / 2))
head -n "$half" "$readings" >"$stage/first.csv"
{ head -n 1 "$readings" && tail -n "+$((half + 1))" "$readings"; } >"$stage/second.csv"
as owner dataset create stream --store "$store" --key-agent "$agent" --key-agent-key "$agent_key" >/dev/null
as owner publish stream "$stage/first.csv" >/dev/null
stream=$(json owner listing create stream --kind weather --unit 1 --interval 1h --place dr5x1 \
	--licence CC0-1.0 --price 2/30s --confirmation-period 6s | jq -r .listing)
as owner listing show "$stream" | grep -E '^price' | indent
before=$(balance buyer)
order=$(json buyer buy "$stream" --periods 10 --wait | jq -r .order)
say 'The buyer subscribed for ten periods; their price is held. Then the owner publishes what was measured since:'
as owner publish stream "$stage/second.csv" | indent
batches=$(json owner dataset show stream | jq -r .batches)
as buyer order wait "$order" --batches "$batches" >/dev/null
as buyer fetch "$order" -o "$stage/subscribed.csv" | indent
say 'Its key came by itself. The buyer has enough:'
as buyer order end "$order" | grep -E '^(state|price)' | indent
say "The buyer had $before and has $(balance buyer): what was used is paid, the rest came back."

chapter '7. A gateway that proves what it is'
manufacture_tpm
power_on
say 'The gateway has a TPM. What its registers hold while it is known to be good becomes a profile:'
msec-attester profile --pcrs 0,4,7 >"$stage/profile.json"
profile=$(json owner device profile publish "$stage/profile.json" | jq -r .profile)
as owner device profile show "$profile" | grep -E '^PCR' | indent
msec-attester identity --output json >"$stage/identity.json"
device=$(jq -r .device "$stage/identity.json")
as owner device register "$stage/identity.json" --profile "$profile" >/dev/null
as owner device fund "$device" 1 >/dev/null
as owner dataset create gateway --store "$store" --key-agent "$agent" --key-agent-key "$agent_key" >/dev/null
as owner device assign "$device" gateway >/dev/null
open_registrar "$profile"
start_device
until_true 'trust in the gateway' is_trusted "$device"
say 'The owner registered it. Its agent showed a registrar that the keys are in the TPM, and sent a quote:'
as buyer device status "$device" | grep -E '^(endorsed|last quote|trusted)' | indent
say 'What it measures it signs, with a key that its TPM uses in this state only. The chain marks what it signed:'
as owner publish gateway "$stage/first.csv" --attested "$batch_socket" | tail -n 1 | indent
attested=$(json owner listing create gateway --kind wind-speed --unit m/s --interval 1h --place dr5x1 \
	--licence CC0-1.0 --price 5 --attested-within 1d | jq -r .listing)
order=$(json buyer buy "$attested" --wait | jq -r .order)
as buyer fetch "$order" -o "$stage/attested.csv" | grep attested | indent
as buyer confirm "$order" >/dev/null
say 'Its data is on offer for as long as the chain trusts it. The buyer bought.'

say 'Another boot loader runs: PCR 4 changes. The next quote says so, and nothing is sold from its block on:'
tpm2_pcrextend "4:sha256=$(printf '%064d' 7)"
until_true 'quote that speaks against the gateway' is_distrusted "$device"
as buyer device explain "$device" | indent
if as buyer buy "$attested" 2>"$stage/attested.error"; then
	fail 'data of a gateway that changed was sold'
fi
indent <"$stage/attested.error"
say 'Nor does the chain mark what is measured now. The key of the good state does not work in this one:'
if as owner publish gateway "$stage/second.csv" --attested "$batch_socket" 2>"$stage/attested.error"; then
	fail 'batches of a gateway that changed were marked'
fi
indent <"$stage/attested.error"

say 'It is started again, with the software that it should have:'
stop "$device_process"
power_off
power_on
start_device
until_true 'trust in the gateway' is_trusted "$device"
as owner publish gateway "$stage/second.csv" --attested "$batch_socket" | tail -n 1 | indent
order=$(json buyer buy "$attested" --wait | jq -r .order)
as buyer confirm "$order" >/dev/null
as buyer device explain "$device" | indent

say 'Somebody wants to know whether it is still there, and challenges it. It answers:'
as buyer device challenge "$device" >/dev/null
until_true 'answer' has_answered "$device"
as buyer device status "$device" | grep -E '^(challenge|trusted)' | indent
as buyer device settle "$device" >/dev/null
say "The bond is the owner's: whoever disturbs a good device pays for it."

say 'Then it falls silent. The buyer does not wait for its verdict to expire, and challenges it again:'
stop "$device_process"
as buyer device challenge "$device" >/dev/null
as buyer device status "$device" | grep -E '^(challenge|trusted)' | indent
say 'It has five minutes. Meanwhile:'

chapter '8. What is refused'
say 'A stranger asks the store for the ciphertext:'
msec-dishonest-owner --node "$MSEC_NODE" --key "$stage/stranger.phrase" replay \
	--endpoint "$endpoint" --store "$store" "$dataset" | indent
say 'The buyer may have it, but whoever copied the request on its way may not send it again:'
msec-dishonest-owner --node "$MSEC_NODE" --key "$stage/buyer.phrase" replay \
	--endpoint "$endpoint" --store "$store" "$dataset" | indent

say 'An owner commits to one thing and encrypts another. The buyer proves it, and is refunded:'
tampered=$(msec-dishonest-owner --node "$MSEC_NODE" --key "$stage/cheat.phrase" publish-tampered \
	--store "$store" --key-agent "$agent" --key-agent-key "$agent_key" "$readings" |
	jq -r .listing)
[ -n "$tampered" ] || fail 'the tampered listing was not made'
before=$(balance buyer)
order=$(json buyer buy "$tampered" --wait | jq -r .order)
if as buyer fetch "$order" -o "$stage/tampered.csv" 2>"$stage/tampered.error"; then
	fail 'the tampering went unnoticed'
fi
indent <"$stage/tampered.error"
as buyer dispute "$order" | grep -iE 'state|reason|ground|wrong|refund' | indent
say "The buyer had $before and has $(balance buyer) (fees and the order's deposit aside)."

say 'An owner without a key agent delivers a wrong key. The buyer proves it, and is refunded:'
as cheat key create main >/dev/null
as cheat key publish main >/dev/null
as cheat dataset create promises --store "$store" >/dev/null
as cheat publish promises "$readings" >/dev/null
promise=$(json cheat listing create promises --kind weather --unit 1 --interval 1h --place dr5x1 \
	--licence CC0-1.0 --price 5 --delivery-period 30s | jq -r .listing)
order=$(json buyer buy "$promise" | jq -r .order)
msec-dishonest-owner --node "$MSEC_NODE" --key "$stage/cheat.phrase" deliver-wrong-key "$order" >/dev/null
as buyer dispute "$order" | grep -iE 'state|reason|ground|wrong|refund' | indent

say 'An owner takes the order and does not deliver. After the deadline anybody may trigger the refund:'
order=$(json buyer buy "$promise" | jq -r .order)
until_true 'refund' as buyer refund "$order"
as buyer order show "$order" | grep -iE 'state|reason' | indent

say 'And the gateway of chapter 7 is silent. When its time is over, nothing of it is sold:'
patience=400 until_true 'end of the time to answer' is_distrusted "$device"
as buyer device explain "$device" | indent
if as buyer buy "$attested" 2>"$stage/attested.error"; then
	fail 'data of a silent gateway was sold'
fi
indent <"$stage/attested.error"
as buyer device settle "$device" >/dev/null
say 'The bond is the buyer'"'"'s again.'

chapter '9. An operator is allowed, and dismissed'
admit clerk
clerk=$(address clerk)
may_read=(read "$dataset" --key-agent "http://127.0.0.1:$readers" --purpose public-benefit)
say 'A clerk of the city may read for the public benefit, without buying. The key agent seals the keys for him:'
as owner grant station "$clerk" --purpose public-benefit >/dev/null
as clerk "${may_read[@]}" -o "$stage/clerk.csv" | indent
say 'Then he is dismissed. From that block on there are no keys and no ciphertext for him:'
as owner revoke station "$clerk" >/dev/null
if as clerk "${may_read[@]}" -o "$stage/dismissed.csv" 2>"$stage/clerk.error"; then
	fail 'who was dismissed still reads'
fi
indent <"$stage/clerk.error"

# Changes a file in place, by what keeps its length.
rewrite() { sed "$1" "$2" | dd of="$2" conv=notrunc status=none; }

chapter '10. Who read what, and an erasure'
say 'The store wrote every decision down before it answered, in a chain of hashes. The owner asks for the last ones'
say 'about the station, and proves that none is missing:'
json owner audit station | jq -r '.stores[0].entries[-4:][] |
	"\(.time)  \(.account[:8])…  \(.operation | tostring)  \(.outcome | tostring)"' | indent
say 'Somebody changes a line on the disk: what the clerk read, the cheat has read. The next audit fails:'
log=$(grep -l "$clerk" "$stage"/store/access-log/*.log | tail -n 1)
line=$(grep -n -m 1 "$clerk" "$log" | cut -d : -f 1)
cheat=$(address cheat)
rewrite "${line}s/$clerk/$cheat/" "$log"
if as owner audit station >/dev/null 2>"$stage/audit.error"; then
	fail 'a forged log went unnoticed'
fi
indent <"$stage/audit.error"
rewrite "${line}s/$cheat/$clerk/" "$log"
as owner audit station >/dev/null
say 'Whoever forges all lines after it as well is caught by the root on the chain, once the day is over.'
say 'The owner erases the stream. The store destroys keys and ciphertext, and signs what it destroyed:'
stream=$(json owner dataset show stream | jq -r .dataset)
as owner dataset erase stream | indent
until_true 'certificate of the erasure' as owner dataset erasure "$stream"
as owner dataset erasure "$stream" | indent
say 'The hash of that certificate is on the chain, as the root of the access log is at the end of every day.'

chapter 'Done'
say 'Nobody in between could read, forge or steal. Everything above was removed again.'
