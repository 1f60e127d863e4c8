//! The licences that a chain begins with. Written by scripts/licences.py.

use hex_literal::hex;

/// Identifier, SHA-256 of the text in UTF-8, and whether it allows to sell the data on. Texts are those
/// of the SPDX License List 3.28.0 (`licenseText`), and those in docs/licences.
#[rustfmt::skip]
pub(super) const LICENCES: [(&str, [u8; 32], bool); 16] = [
	("CC-BY-4.0", hex!("4c3c0cad4496cdf420b45909eeba725243fb7709878fc1f8dff9e39357773b46"), true),
	("CC-BY-NC-4.0", hex!("03f934cfa32989708620362ba71120abc1cbb58e26b6f681eb1cd45e4ddaa8b3"), false),
	("CC-BY-NC-ND-4.0", hex!("f9b1290341d25b9a4a858ee3d5661c378d3ecede13f98f971b6eedfb796edcab"), false),
	("CC-BY-ND-4.0", hex!("0272fc6a6b6cd5a4bb95294bc4f9b4380927c287434dc52f62d36251838f6d2b"), true),
	("CC-BY-SA-4.0", hex!("c871544d989d2db1b0d0b7788f5591f56731c039c7d51e7a8f8da74c5679115a"), true),
	("CC0-1.0", hex!("6d489af6292662d9e36d34ce49423784984a5f6e41d7b58f49b01264df59fa03"), true),
	("CDLA-Permissive-2.0", hex!("5c139557adeccb31ee38bffa239cf217efffec29aaa8bb1a019b15bf3b6ff2db"), true),
	("CDLA-Sharing-1.0", hex!("9e826cd126ad3f39340306f9455b5125da9b2e877689a9b950d56913a45ccaad"), true),
	("DL-DE-BY-2.0", hex!("d6c1197827c1e24afdedbd47f81bb16ac3a90d12f06660de77cf69da9604e8b1"), true),
	("DL-DE-ZERO-2.0", hex!("a6cfaa03b2b4d5543ccc22917721de24327d8ac2accd867a097b8a3d4e23bf8e"), true),
	("LicenseRef-M-Sec-Own-Use-1.0", hex!("2cc50bc4a085f761d5e8c0732f6708801e1275fa57831856c307eb12883eabbe"), false),
	("ODC-By-1.0", hex!("52d87128f8b25b90b9ca44ec737d3d6b2ec6d83abef2ca6de42134bf7ba57ab7"), true),
	("ODbL-1.0", hex!("cb48d0cd41173679a5b9163253944ea7841f60e52a28091b3d06775074ab1db5"), true),
	("OGL-UK-3.0", hex!("b104105ed762ad9255982304b6c40c9273b3762211ff3eaa39102c73d10111f5"), true),
	("PDDL-1.0", hex!("3003118421ae3a4285336935c65844f04098f274cf041324a54fb87d168b483d"), true),
	("etalab-2.0", hex!("89415ddd57125c5106e11c164b5dfad3bc7a91928550c1555719327c35369e73"), true),
];
