# shellcheck shell=bash
# A gateway with a software TPM, and a registrar, on the stage of stage.sh. To be sourced after it.

# Makes a TPM, with a certificate of a manufacturer that nobody but this stage knows.
manufacture_tpm() {
	local tpm=$stage/tpm
	local authority=$tpm/authority
	mkdir -p "$tpm/state" "$authority" "$tpm/manufacturers"
	cat >"$tpm/authority.conf" <<-CONF
		statedir = $authority
		signingkey = $authority/key.pem
		issuercert = $authority/issuer.pem
		certserial = $authority/serial
	CONF
	cat >"$tpm/authority.options" <<-OPTIONS
		--platform-manufacturer City
		--platform-version 1
		--platform-model gateway
	OPTIONS
	cat >"$tpm/setup.conf" <<-CONF
		create_certs_tool = /usr/bin/swtpm_localca
		create_certs_tool_config = $tpm/authority.conf
		create_certs_tool_options = $tpm/authority.options
		active_pcr_banks = sha256
	CONF
	swtpm_setup --tpm2 --create-ek-cert --lock-nvram --tpmstate "$tpm/state" \
		--config "$tpm/setup.conf" >"$stage/tpm-setup.log" 2>&1 || fail 'the TPM was not made'
	cp "$authority/swtpm-localca-rootca-cert.pem" "$tpm/manufacturers/root.pem"
	tpm_port=$(free_pair)
	export MSEC_ATTESTER_TPM=swtpm:host=127.0.0.1,port=$tpm_port
	export TPM2TOOLS_TCTI=$MSEC_ATTESTER_TPM
}
# A free port with a free one after it, for commands and for control.
free_pair() {
	local port
	while read -r port _ <<<"$(free_ports)"; do
		(exec 3<>"/dev/tcp/127.0.0.1/$((port + 1))") 2>/dev/null && continue
		echo "$port"
		return
	done
}

# The registers begin anew each time.
power_on() {
	start tpm swtpm socket --tpm2 --flags not-need-init,startup-clear \
		--tpmstate "dir=$stage/tpm/state" \
		--server "type=tcp,port=$tpm_port,bindaddr=127.0.0.1" \
		--ctrl "type=tcp,port=$((tpm_port + 1)),bindaddr=127.0.0.1"
	tpm_process=$!
	until_true 'TPM' tpm2_pcrread sha256:0
}
power_off() {
	tpm2_shutdown --clear
	stop "$tpm_process"
}
stop() {
	kill "$1"
	wait "$1" 2>/dev/null || true
}

# Starts a registrar that endorses devices with one profile; the council accredits it.
open_registrar() {
	read -r registrar_http registrar_health device_health _ <<<"$(free_ports)"
	admit registrar
	fund "$(address registrar)" 10
	msec-accredit-registrar --node "$MSEC_NODE" "$(address registrar)"
	start registrar msec-attester registrar --node "$MSEC_NODE" \
		--listen "127.0.0.1:$registrar_http" --health-listen "127.0.0.1:$registrar_health" \
		--manufacturers "$stage/tpm/manufacturers" --profiles "$1" \
		--account-key "$stage/registrar.phrase" --state-directory "$stage/registrar-state"
	until_true 'registrar' curl -sf "http://127.0.0.1:$registrar_health/health/ready"
}

# Starts the agent of the gateway. It quotes as often as the chain takes it, for the impatient.
start_device() {
	batch_socket=$stage/batches
	start device msec-attester agent --node "$MSEC_NODE" --quote-interval 30 \
		--registrar "http://127.0.0.1:$registrar_http" \
		--intermediates "$stage/tpm/authority/issuer.pem" \
		--batch-socket "$batch_socket" --health-listen "127.0.0.1:$device_health"
	device_process=$!
}
is_trusted() { json buyer device status "$1" | jq -e '.trusted'; }
is_distrusted() { json buyer device status "$1" | jq -e '.trusted | not'; }
has_answered() { json buyer device status "$1" | jq -e '.challenge.is_answered'; }
