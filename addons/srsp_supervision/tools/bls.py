"""Signatures on BLS12-381 with public keys on G2 and signatures on G1 (draft-irtf-cfrg-bls-signature).

Only ``drand._import_bls`` may import it: py_ecc raises the recursion limit of the process when imported.
"""

import hashlib

from py_ecc.bls.hash_to_curve import hash_to_G1
from py_ecc.bls.point_compression import decompress_G1, decompress_G2
from py_ecc.bls.typing import G1Compressed, G2Compressed
from py_ecc.optimized_bls12_381 import (
    FQ12,
    G2,
    curve_order,
    final_exponentiate,
    is_inf,
    multiply,
    neg,
    pairing,
)


def is_signature(
    public_key: bytes, message: bytes, signature: bytes, dst: bytes
) -> bool:
    """Return whether ``signature`` (48 bytes) is that of ``message`` under ``public_key`` (96 bytes).

    :param dst: the domain separation tag of hashing to G1 (RFC 9380)
    """
    if len(signature) != 48:
        return False
    try:
        point = decompress_G1(G1Compressed(int.from_bytes(signature, "big")))
    except ValueError:
        return False
    if is_inf(point) or not is_inf(multiply(point, curve_order)):
        return False
    key = G2Compressed(
        (
            int.from_bytes(public_key[:48], "big"),
            int.from_bytes(public_key[48:], "big"),
        )
    )
    # The library's type for a hash function is that of a hash object.
    hashed = hash_to_G1(message, dst, hashlib.sha256)  # type: ignore[arg-type]
    both = pairing(neg(G2), point, final_exponentiate=False)
    both *= pairing(decompress_G2(key), hashed, final_exponentiate=False)
    return final_exponentiate(both) == FQ12.one()
