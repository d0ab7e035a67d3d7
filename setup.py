"""Distribution `leak-triage`; also what Beam's --setup_file ships to a cluster's workers."""

from setuptools import find_packages, setup

# What opens more kinds of files; without it, the row of such a file says which one is missing.
READERS = {
    "archives": ["py7zr>=1.1,<1.2", "rarfile>=4.2,<5"],
    "pdf": ["pypdf>=6,<8"],
    "pst": ["libpff-python>=20260926"],
}
QUERY = ["duckdb>=2,<3"]

setup(
    name="leak-triage",
    version="0.1.0",
    description="Marks each item of a leak verified, unverifiable or suspected fake, with the evidence",
    python_requires=">=3.11",
    packages=find_packages(include=["pipeline", "pipeline.*", "transforms", "transforms.*"]),
    package_data={"transforms.data": ["*"], "pipeline.report": ["page.css", "page.js"]},
    install_requires=[
        "apache-beam>=2.77,<2.78",
        "cryptography>=42",
        "dkimpy[ed25519]>=1.1.8,<2",  # for `verify` alone: an independent second opinion
        "dnspython>=2.6.1,<3",  # for `keys fetch` alone
        "email-validator>=2.2,<3",
        "gmpy2>=2.2,<3",
        "idna>=3.4",
        "numpy>=1.26",
        "olefile>=0.47,<0.48",
        "publicsuffixlist>=1.0.2",
        "pyarrow>=16",
        "pybase64>=1.4,<2",
        "pylibmagic>=0.5,<1; platform_system != 'Windows'",
        "python-magic>=0.4.27,<0.5",
        "zstandard>=0.22",
    ],
    extras_require={
        **READERS,
        "query": QUERY,
        "aws": ["apache-beam[aws]>=2.77,<2.78"],  # DUMP and OUT in s3://
        "all": [*(package for packages in READERS.values() for package in packages), *QUERY],
        "test": [  # dkimpy, which is installed anyway, signs the test mail and is the independent oracle
            *(package for packages in READERS.values() for package in packages),
            *QUERY,
            "pytest>=8",
            "hypothesis>=6.100",
            "ruff>=0.6",
            "mypy>=1.11",
            "pyhanko>=0.38,<0.40",  # signs PDFs; the independent oracle for theirs
            "openpyxl>=3.1",  # reads what `export --to xlsx` wrote
            "pysequoia>=0.1.35",  # signs texts with OpenPGP
            "setuptools>=77",  # one test builds the wheel
        ],
        # Runs what docs/cookbook.md shows. Apart: where pandas is, Beam imports it, and starts take twice as long.
        "cookbook": ["polars>=1.40", "pandas>=2.2"],
        "store": ["apache-beam[aws]>=2.77,<2.78", "moto[server]>=5.1"],  # for `pytest -m store`
        "browser": [  # for `pytest -m browser`: drives a Chromium that is installed; axe-core looks for barriers
            "playwright>=1.50",
            "axe-playwright-python>=0.1.4",
        ],
    },
    entry_points={"console_scripts": ["triage = pipeline.__main__:main"]},
)
