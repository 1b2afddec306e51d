"Builds the package from `settings.ini`, where nbdev keeps the same facts."
import re
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

root = Path(__file__).parent
parser = ConfigParser(delimiters=["="])
parser.read(root / "settings.ini", encoding="utf-8")
settings = parser["DEFAULT"]
package, address = settings["lib_path"], settings["git_url"]
report_files = f"{package}.report_files"  # what `vae_report` runs, from the folder `reports` of the repository
extras = {name: settings[f"{name}_requirements"].split() for name in ("report", "dask", "dev")}


def describe():
    "README.md with addresses in place of links into the repository, which PyPI does not have."
    text = (root / "README.md").read_text(encoding="utf-8")
    text = re.sub(r"(!\[[^]]*\])\((?!https?:)", rf"\1({address}/raw/{settings['branch']}/", text)
    return re.sub(r"(?<!!)(\[[^]]*\])\((?!https?:)", rf"\1({address}/blob/{settings['branch']}/", text)


setup(
    name=settings["lib_name"],
    version=settings["version"],
    description=settings["description"],
    long_description=describe(),
    long_description_content_type="text/markdown",
    url=address,
    project_urls={
        "Documentation": settings["doc_host"] + settings["doc_baseurl"],
        "Changelog": f"{address}/blob/{settings['branch']}/CHANGELOG.md",
        "Issues": f"{address}/issues",
    },
    author=settings["author"],
    author_email=settings["author_email"],
    keywords=settings["keywords"].split(),
    classifiers=[
        f"Development Status :: {settings['status']}",
        *(f"Intended Audience :: {audience}" for audience in settings["audience"].split()),
        "Operating System :: MacOS",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3 :: Only",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in (11, 12, 13)),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Scientific/Engineering :: Image Processing",
    ],
    license_expression="Apache-2.0",
    license_files=["LICENSE"],
    packages=[*find_packages(include=[package, f"{package}.*"]), report_files],
    package_dir={report_files: "reports"},
    package_data={
        package: ["web_assets/*", "playground_assets/*"],  # JavaScript that pages share, and the playground
        f"{package}.report": ["explorer_assets/*"],  # style sheets and callbacks of the explorer
        report_files: ["*.ipynb", "reference.csv", "studies/*.yaml", "template/*", "template/*/*"],
    },
    python_requires=f">={settings['min_python']}",
    install_requires=settings["requirements"].split(),
    extras_require={**extras, "dev": sorted(set().union(*extras.values()))},
    entry_points={
        "console_scripts": settings["console_scripts"].split(),
        "nbdev": [f"{package}={package}._modidx:d"],  # lets the docs link names in backticks
    },
)
