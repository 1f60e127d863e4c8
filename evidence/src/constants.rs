//! Numbers of TPM 2.0 Library, Part 2.

/// `TPM_GENERATED_VALUE` (6.2): what a TPM makes itself begins with it.
pub const TPM_GENERATED_VALUE: u32 = 0xff54_4347;
/// `TPM_ST_ATTEST_CERTIFY` (6.9).
pub const TPM_ST_ATTEST_CERTIFY: u16 = 0x8017;
/// `TPM_ST_ATTEST_QUOTE` (6.9).
pub const TPM_ST_ATTEST_QUOTE: u16 = 0x8018;

/// `TPM_CC_PolicyPCR` (6.5.2).
pub const TPM_CC_POLICY_PCR: u32 = 0x0000_017f;

/// `TPM_ALG_SHA256` (6.3).
pub const TPM_ALG_SHA256: u16 = 0x000b;
/// `TPM_ALG_NULL` (6.3).
pub const TPM_ALG_NULL: u16 = 0x0010;
/// `TPM_ALG_ECDSA` (6.3).
pub const TPM_ALG_ECDSA: u16 = 0x0018;
/// `TPM_ALG_ECC` (6.3).
pub const TPM_ALG_ECC: u16 = 0x0023;
/// `TPM_ECC_NIST_P256` (6.4).
pub const TPM_ECC_NIST_P256: u16 = 0x0003;
/// `TPM_RH_ENDORSEMENT` (7.4).
pub const TPM_RH_ENDORSEMENT: u32 = 0x4000_000b;

/// Object attributes (`TPMA_OBJECT`, 8.3).
pub mod attribute {
	/// The key stays in this TPM.
	pub const FIXED_TPM: u32 = 1 << 1;
	/// The key stays under this parent.
	pub const FIXED_PARENT: u32 = 1 << 4;
	/// The TPM made the key.
	pub const SENSITIVE_DATA_ORIGIN: u32 = 1 << 5;
	/// The key can be used without its policy.
	pub const USER_WITH_AUTH: u32 = 1 << 6;
	/// The key signs only what the TPM made.
	pub const RESTRICTED: u32 = 1 << 16;
	/// The key decrypts.
	pub const DECRYPT: u32 = 1 << 17;
	/// The key signs.
	pub const SIGN: u32 = 1 << 18;
}
