"""Make the body of a response about reliability."""

from __future__ import annotations

from backend import wording
from backend.kit.http.notices import NoticeOut
from backend.trust import summary
from backend.trust.bullets import TOPICS_OF_OBJECTIONS, Bullet, choose_bullets
from backend.trust.points import Point
from backend.trust.schemas import BulletOut, EnergyUncertaintyOut, PointOut, TrustOut
from backend.trust.service import Assessment, Trust
from backend.wording.trust import TOPICS
from scattering.trust.grade import objections


def trust_body(reliability: Trust) -> TrustOut:
    """Return the body for the reliability of a prediction."""
    assessed, grade = reliability.assessment, reliability.assessment.grade
    label, headline, against = summary.label(grade), assessed.headline, objections(assessed.evidence)
    # The points state the other objections, and the bullets in short
    unstated = [one for one in against if one.code in TOPICS_OF_OBJECTIONS]
    points = [_point(point) for point in reliability.points]
    return TrustOut(
        prediction_id=reliability.prediction_id,
        badge=grade.badge,
        label=wording.message(label),
        label_notice=NoticeOut.of(label),
        headline=wording.message(headline),
        headline_notice=NoticeOut.of(headline),
        objections=[NoticeOut.of(objection) for objection in against],
        paragraph=" ".join((*wording.messages((headline, *unstated)), *(point.text for point in points))),
        energy_relative_uncertainty=grade.uncertainty,
        energy_bias=grade.bias,
        scaled_uncertainty=grade.scaled_uncertainty,
        energy_uncertainty=_energy_uncertainty(assessed),
        bullets=[_bullet(bullet) for bullet in choose_bullets(reliability.points, against)],
        points=points,
    )


def _energy_uncertainty(assessed: Assessment) -> EnergyUncertaintyOut:
    grade, spread = assessed.grade, assessed.evidence.spread
    is_compared = grade.bias is not None
    return EnergyUncertaintyOut.model_validate(
        {
            "relative": grade.uncertainty,
            "relative_once_scaled": grade.scaled_uncertainty,
            "relative_95": None if is_compared or spread is None else spread.relative_95,
            "class": assessed.material_class,
            "n_calibration": 0 if spread is None else spread.n_crystals,
        }
    )


def _bullet(bullet: Bullet) -> BulletOut:
    stated = NoticeOut.of(bullet.notice).model_dump()
    return BulletOut(**stated, topic=bullet.topic, verdict=bullet.verdict)


def _point(point: Point) -> PointOut:
    notice = NoticeOut.of(point.notice)
    return PointOut(
        topic=point.topic,
        title=TOPICS[point.topic],
        verdict=point.verdict,
        text=notice.message,
        text_notice=notice,
        numbers=dict(point.numbers),
    )
