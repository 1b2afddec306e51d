"Builds the package from `settings.ini`, where nbdev keeps the same facts."
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

root = Path(__file__).parent
parser = ConfigParser(delimiters=["="])
parser.read(root / "settings.ini", encoding="utf-8")
settings = parser["DEFAULT"]
readme = root / "README.md"

setup(
    name=settings["lib_name"],
    version=settings["version"],
    description=settings["description"],
    long_description=readme.read_text(encoding="utf-8") if readme.exists() else "",
    long_description_content_type="text/markdown",
    url=settings["git_url"],
    author=settings["author"],
    author_email=settings["author_email"],
    keywords=settings["keywords"].split(),
    license="Apache-2.0",
    license_files=["LICENSE"],
    packages=find_packages(include=[settings["lib_path"], f"{settings['lib_path']}.*"]),
    package_data={f"{settings['lib_path']}.report": ["explorer_assets/*"]},  # style sheets and callbacks of the explorer
    python_requires=f">={settings['min_python']}",
    install_requires=settings["requirements"].split(),
    extras_require={"dev": settings["dev_requirements"].split()},
    entry_points={
        "console_scripts": settings["console_scripts"].split(),
        "nbdev": [f"{settings['lib_path']}={settings['lib_path']}._modidx:d"],  # lets the docs link names in backticks
    },
)
